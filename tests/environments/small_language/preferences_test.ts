/** Label draws, flips and held-out pairs of the small language, by hand. */
import assert from "node:assert/strict";
import { labelCandidates, type LabelConfig } from "../../../lib/data/label_candidates.ts";
import {
  heldOutPreferences,
  offlinePreferences,
} from "../../../lib/environments/small_language/preferences.ts";
import {
  defaultSetting,
  type SmallLanguageSetting,
} from "../../../lib/environments/small_language/setting.ts";
import {
  goldReward,
  toText,
  WORLD_WORDS,
} from "../../../lib/environments/small_language/world/mod.ts";
import type { Prng } from "../../../lib/random/prng.ts";
import { assertUserError } from "../../support/errors.ts";

const ids = (text: string) =>
  Int32Array.from(text.split(" "), (word) => WORLD_WORDS.findIndex((each) => each.text === word));
const SOUP = ids("<bos> honestly soup was");
const ROOM = ids("<bos> today room felt");

// Where one clause is asked for, gold is sentiment + relevance: about soup, tasty 1 + 1 = 2,
// good 1 + 0.5 = 1.5, salty -1 + 1 = 0, quiet (of hotels) 1 + 0 = 1. Fillers cost nothing.
const TASTY = ids("tasty <eos>"), GOOD = ids("good <eos>"), SALTY = ids("salty <eos>");
const LONG = ids("well perhaps tasty <eos>"), QUIET = ids("quiet <eos>");
const LABELS: LabelConfig = {
  temperature: 0.25,
  gold: (promptIds, ids) => goldReward(promptIds, ids, 1).reward,
};

/** A generator that draws the given numbers. */
function drawing(...numbers: number[]): Prng {
  return { uniform: () => numbers.shift()! } as unknown as Prng;
}
const chosenOf = (
  draw: number,
  first: Int32Array,
  second: Int32Array,
  changes: Partial<LabelConfig> = {},
) =>
  labelCandidates(
    [{ promptIds: SOUP, firstIds: first, secondIds: second }],
    { ...LABELS, ...changes },
    drawing(draw),
  )[0]!.chosenIds;

Deno.test("a label is Bradley-Terry's: the first response wins where the draw is below its chance", () => {
  const cases: [
    chance: number,
    first: Int32Array,
    second: Int32Array,
    changes?: Partial<LabelConfig>,
  ][] = [
    [0.880797, TASTY, GOOD], // sigmoid(0.5 / 0.25)
    [0.119203, GOOD, TASTY],
    [0.002473, SALTY, GOOD], // sigmoid(-1.5 / 0.25)
    [0.5, TASTY, LONG],
    [0.731059, TASTY, GOOD, { temperature: 0.5 }], // sigmoid(1)
    [0.167982, TASTY, LONG, { taste: () => -0.4 }], // sigmoid(-0.4 / 0.25)
    [0.5, TASTY, GOOD, { taste: (_, gold) => -gold }],
  ];
  for (const [chance, first, second, changes] of cases) {
    const name = `${toText(first)} against ${toText(second)} ${JSON.stringify(changes)}`;
    assert.deepEqual(chosenOf(chance - 1e-5, first, second, changes), first, name);
    assert.deepEqual(chosenOf(chance + 1e-5, first, second, changes), second, name);
  }
});

Deno.test("every candidate costs one draw, equal ones too", () => {
  const candidates = [[TASTY, GOOD], [GOOD, GOOD], [GOOD, TASTY]].map(([first, second]) => ({
    promptIds: SOUP,
    firstIds: first!,
    secondIds: second!,
  }));
  const labelled = labelCandidates(candidates, LABELS, drawing(0.9, 0, 0.1));
  assert.deepEqual(
    labelled.map(({ id, chosenIds, rejectedIds }) => [id, toText(chosenIds), toText(rejectedIds)]),
    [["0", "good <eos>", "tasty <eos>"], ["2", "good <eos>", "tasty <eos>"]],
  );
});

const done = (tokens: Int32Array) => ({ ids: tokens, finished: true });
const cut = (tokens: Int32Array) => ({ ids: tokens, finished: false });
const SPLIT = {
  train: [{ ids: SOUP, topic: "food" }, { ids: ROOM, topic: "hotel" }],
  heldOut: [{ ids: SOUP, topic: "food" }],
};
const SAMPLES = [
  [done(GOOD), done(TASTY), done(SALTY), done(LONG), done(QUIET), done(QUIET)],
  [done(QUIET), done(TASTY), cut(QUIET), done(GOOD), done(GOOD), done(TASTY)],
];
/** The annotator never errs: its temperature is next to nothing. */
const SETTING: SmallLanguageSetting = {
  ...defaultSetting,
  ...{ clauses: 1, labelTemperature: 1e-9, pairs: 4, flipRate: 0 },
};

Deno.test("offline pairs: neighbouring samples of each prompt in turn, the better one chosen", () => {
  const pairs = offlinePreferences(SETTING, 0, SAMPLES, SPLIT);
  const shown = ({ id, promptIds, chosenIds, rejectedIds, flipped }: typeof pairs[number]) =>
    [id, toText(promptIds), toText(chosenIds), toText(rejectedIds), flipped].join(" | ");
  // About the room quiet has 1 + 1, tasty 1 + 0, good 1.5. Candidate 3, the soup's third, is of
  // equal responses; the room's second was cut and is no candidate.
  assert.deepEqual(pairs.map(shown), [
    "0 | <bos> honestly soup was | tasty <eos> | good <eos> | false",
    "1 | <bos> today room felt | quiet <eos> | tasty <eos> | false",
    "2 | <bos> honestly soup was | well perhaps tasty <eos> | salty <eos> | false",
    "4 | <bos> today room felt | good <eos> | tasty <eos> | false",
  ]);
  assert.deepEqual(
    offlinePreferences({ ...SETTING, pairs: 2 }, 0, SAMPLES, SPLIT),
    pairs.slice(0, 2),
  );
});

Deno.test("the annotator asks for the setting's clauses, and likes length as the setting says", () => {
  const chosen = (changes: Partial<SmallLanguageSetting>, second: Int32Array, seed = 0) =>
    toText(
      offlinePreferences(
        { ...SETTING, ...changes, pairs: 1 },
        seed,
        [[done(TASTY), done(second)]],
        SPLIT,
      )[0]!.chosenIds,
    );
  // 2 against 1 + 1 - 0.5 where one clause is asked for, 2 - 1 against 2 - 0.5 where three are.
  const two = ids("tasty and fresh <eos>");
  assert.equal(chosen({ clauses: 1 }, two), "tasty <eos>");
  assert.equal(chosen({ clauses: 3 }, two), "tasty and fresh <eos>");
  const longer = (lengthConfound: number) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((seed) =>
      chosen({ lengthConfound }, LONG, seed) === "well perhaps tasty <eos>"
    ).length;
  assert.deepEqual([longer(0.5), longer(-0.5)], [8, 0]);
  assert.ok(longer(0) > 0 && longer(0) < 8, "equal gold: a coin");
});

Deno.test("a share of the labels is flipped, and more where the rate is higher", () => {
  const right = offlinePreferences(SETTING, 3, SAMPLES, SPLIT);
  let before: boolean[] = [false, false, false, false];
  // round(4 * rate), halves up.
  for (const [flipRate, count] of [[0.1, 0], [0.2, 1], [0.5, 2], [0.625, 3], [1, 4]] as const) {
    const pairs = offlinePreferences({ ...SETTING, flipRate }, 3, SAMPLES, SPLIT);
    const flipped = pairs.map((pair) => pair.flipped === true);
    assert.equal(flipped.filter(Boolean).length, count, `${flipRate}`);
    assert.ok(before.every((was, i) => !was || flipped[i]), "a lower rate's flips stay");
    before = flipped;
    pairs.forEach(({ chosenIds, rejectedIds }, i) => {
      const sides = [right[i]!.chosenIds, right[i]!.rejectedIds];
      assert.deepEqual([chosenIds, rejectedIds], flipped[i] ? sides.toReversed() : sides);
    });
  }
});

Deno.test("too few samples are told", async () => {
  await assertUserError(
    () => offlinePreferences({ ...SETTING, pairs: 5 }, 0, SAMPLES, SPLIT),
    "only 4 of 5 pairs could be made",
  );
});

Deno.test("held-out pairs: neighbouring samples, the one of higher gold reward chosen, ties left out", () => {
  const samples = [
    [SALTY, TASTY, TASTY, LONG, QUIET, GOOD, LONG].map(done),
  ];
  const pairs = heldOutPreferences(samples, SPLIT, SETTING);
  assert.deepEqual(
    pairs.map(({ id, chosenIds, rejectedIds }) => [id, toText(chosenIds), toText(rejectedIds)]),
    [
      ["held-out 0.0", "tasty <eos>", "salty <eos>"],
      ["held-out 0.2", "good <eos>", "quiet <eos>"],
    ],
  );
  assert.equal(goldReward(SOUP, QUIET, 1).reward, 1);
});
