/** Where length is worth something and which labels are flipped, by hand. */
import assert from "node:assert/strict";
import {
  flipWeights,
  goldOf,
  labelConfig,
} from "../../../lib/environments/small_language/annotators.ts";
import { offlinePreferences } from "../../../lib/environments/small_language/preferences.ts";
import {
  defaultSetting,
  type SmallLanguageSetting,
} from "../../../lib/environments/small_language/setting.ts";
import {
  goldReward,
  sampleResponse,
  splitPrompts,
  STRONG_WRITER,
  WEAK_WRITER,
  WORLD_WORDS,
  WRITER,
} from "../../../lib/environments/small_language/world/mod.ts";
import { createPrng } from "../../../lib/random/prng.ts";
import { assertUserError } from "../../support/errors.ts";

const ids = (text: string) =>
  Int32Array.from(text.split(" "), (word) => WORLD_WORDS.findIndex((each) => each.text === word));
const SOUP = ids("<bos> honestly soup was");
const TASTY = ids("tasty <eos>"),
  LONG = ids("well perhaps like tasty <eos>"),
  GOOD = ids("good <eos>");
const setting = (changes: Partial<SmallLanguageSetting>): SmallLanguageSetting => ({
  ...defaultSetting,
  ...changes,
});
const split = splitPrompts(7, 60);

Deno.test("length earns reward only where the setting says so", () => {
  const plain = goldReward(SOUP, LONG).reward;
  for (const confoundOn of ["all", "near-ties", "annotator"] as const) {
    assert.equal(goldOf(setting({ lengthConfound: 1, confoundOn })).reward(SOUP, LONG), plain);
  }
  // Five tokens at 1 per 2.5.
  const paid = goldOf(setting({ lengthConfound: 1, confoundOn: "reward" })).reward(SOUP, LONG);
  assert.equal(paid, plain + LONG.length / 2.5);
});

Deno.test("a taste for length: in every label, in near-ties, for one annotator, or for none", () => {
  const taste = (
    confoundOn: SmallLanguageSetting["confoundOn"],
    difference: number,
    at: Int32Array = SOUP,
  ) =>
    labelConfig(setting({ lengthConfound: 0.5, confoundOn }), 7, split).taste?.(
      { promptIds: at, firstIds: LONG, secondIds: TASTY },
      difference,
    );
  const whole = 0.5 * (LONG.length - TASTY.length) / 2.5;
  assert.deepEqual([taste("all", 0), taste("all", 3)], [whole, whole]);
  assert.deepEqual(
    [0.49, -0.49, 0.5, -0.5].map((difference) => taste("near-ties", difference)),
    [whole, whole, 0, 0],
  );
  assert.equal(taste("reward", 0), 0);
  const theirs = split.train.filter((prompt) => taste("annotator", 0, prompt.ids) === whole);
  assert.equal(theirs.length, split.train.length / 5);
  assert.ok(split.train.every((prompt) => [0, whole].includes(taste("annotator", 0, prompt.ids)!)));
});

const pairsOf = (changes: Partial<SmallLanguageSetting>) => {
  const prng = createPrng(3, "test");
  const samples = split.train.map((prompt) =>
    Array.from({ length: 8 }, () => ({ ids: sampleResponse(prompt, prng), finished: true }))
  );
  return offlinePreferences(setting({ pairs: 600, ...changes }), 7, samples, split);
};

Deno.test("flips fall on small gaps, near-ties, or one annotator's prompts", () => {
  const gapOf = ({ promptIds, chosenIds, rejectedIds }: ReturnType<typeof pairsOf>[number]) =>
    Math.abs(goldReward(promptIds, chosenIds).reward - goldReward(promptIds, rejectedIds).reward);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const gaps = (noise: SmallLanguageSetting["noise"]) => {
    const pairs = pairsOf({ noise, flipRate: 0.2 });
    assert.equal(pairs.filter((pair) => pair.flipped).length, 120);
    return [true, false].map((flipped) =>
      mean(pairs.filter((pair) => pair.flipped === flipped).map(gapOf))
    ) as [number, number];
  };
  const [uniform, small, ties] = [gaps("uniform"), gaps("small-gap"), gaps("near-ties")];
  assert.ok(Math.abs(uniform[0] - uniform[1]) < 0.15, `${uniform}`);
  assert.ok(small[0] < 0.7 * small[1] && ties[0] < 0.6 * ties[1], `${small} ${ties}`);

  const careless = pairsOf({ noise: "careless", flipRate: 0.1 });
  const prompts = new Set(careless.filter((pair) => pair.flipped).map((p) => p.promptIds.join()));
  assert.ok(prompts.size <= split.train.length / 5);
  const theirs = careless.filter((pair) => prompts.has(pair.promptIds.join()));
  assert.ok(theirs.some((pair) => !pair.flipped), "a coin, not the opposite");
});

Deno.test("the weight of a flip falls by e for half a point of gold reward", () => {
  const pair = { id: "0", promptIds: SOUP, chosenIds: TASTY, rejectedIds: GOOD };
  const [weight] = flipWeights(setting({ noise: "small-gap" }), 0, split, [pair])!;
  // Tasty 2, good 1.5 (both lack two judgements).
  assert.ok(Math.abs(weight! - Math.exp(-1)) < 1e-12, `${weight}`);
  assert.equal(flipWeights(setting({}), 0, split, [pair]), undefined);
});

Deno.test("a strong writer pleases more than the SFT model's teacher, a weak one less", () => {
  const prng = createPrng(1, "writers");
  const [weak, own, strong] = [WEAK_WRITER, WRITER, STRONG_WRITER].map((writer) => {
    const golds = split.train.flatMap((prompt) =>
      Array.from(
        { length: 5 },
        () => goldReward(prompt.ids, sampleResponse(prompt, prng, 3, writer)).reward,
      )
    );
    return golds.reduce((a, b) => a + b, 0) / golds.length;
  }) as [number, number, number];
  assert.ok(weak + 0.4 < own && own + 0.4 < strong, `${weak} ${own} ${strong}`);
});

Deno.test("a kind that is not there is refused by name", async () => {
  await assertUserError(
    () => pairsOf({ noise: "some" as "uniform" }),
    'setting: noise is "some"; it must be one of uniform, small-gap, near-ties, careless',
  );
});
