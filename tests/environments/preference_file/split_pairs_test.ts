import assert from "node:assert/strict";
import { join } from "node:path";
import type { TokenizedPair } from "../../../lib/data/preference.ts";
import { locate } from "../../../lib/environments/preference_file/locate.ts";
import { preferenceFile } from "../../../lib/environments/preference_file/environment.ts";
import { openPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import { shorterPairs, splitPairs } from "../../../lib/environments/preference_file/split_pairs.ts";
import { hashConfig, runConfig } from "../../../lib/study/run_config.ts";
import { withTempDir } from "../../support/temp_dir.ts";
import { sharedDataFile, smollm2Path } from "../../support/smollm2.ts";
import { real_annotators } from "../../../experiments/real_studies/real_annotators.ts";
import { planStudy } from "../../../lib/study/plan.ts";

/** Twelve pairs of five prompts: three, three, three, two and one of each. */
const pairs = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4].map((prompt, i) => ({
  id: `${i}`,
  prompt: `prompt ${prompt}`,
  chosen: "c".repeat(i),
  rejected: "r".repeat(12 - i),
}));
const tokenized = pairs.map(({ id }, i): TokenizedPair => ({
  id,
  promptIds: Int32Array.of(i + 1),
  chosenIds: Int32Array.of(1),
  rejectedIds: Int32Array.of(2),
}));
const setting = { data: "pairs.jsonl", heldOut: 0.1 };
const promptOf = ({ id }: TokenizedPair) => pairs[Number(id)]?.prompt;

Deno.test("both responses must be shorter, messages by all their text", () => {
  // Of 12 characters in all: pairs of 5 and 7, 6 and 6, 7 and 5.
  assert.deepEqual(shorterPairs(pairs, 8).map(({ id }) => id), ["5", "6", "7"]);
  assert.deepEqual(shorterPairs(pairs, 7).map(({ id }) => id), ["6"]);
  const messages = ["four", "five!"].map((content) => ({ role: "assistant" as const, content }));
  const pair = { id: "m", prompt: "p", chosen: messages, rejected: "short" };
  assert.equal(shorterPairs([pair], 10).length, 1);
  assert.equal(shorterPairs([pair], 9).length, 0);
});

Deno.test("exact numbers of held-out and training pairs, without a shared prompt, by seed", () => {
  const exact = { ...setting, heldOutPairs: 3, trainingPairs: 5 };
  const drawn = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const { training, heldOut } = splitPairs(pairs, tokenized, exact, seed);
    assert.deepEqual([training.length, heldOut.length], [5, 3]);
    assert.ok(new Set(training.map(promptOf)).isDisjointFrom(new Set(heldOut.map(promptOf))));
    const ids = training.map(({ id }) => Number(id));
    assert.deepEqual(ids, ids.toSorted((a, b) => a - b));
    drawn.add(ids.join());
  }
  assert.ok(drawn.size > 10);
  assert.deepEqual(splitPairs(pairs, tokenized, exact, 3), splitPairs(pairs, tokenized, exact, 3));
});

Deno.test("numbers that cannot be had are refused with those that can", () => {
  const split = (more: object, list = pairs) =>
    splitPairs(list, tokenized.slice(0, list.length), { ...setting, ...more }, 0);
  assert.throws(() => split({ heldOutPairs: 12 }), /12 pairs cannot be held out of 12/);
  assert.throws(
    () => split({ heldOutPairs: 4, trainingPairs: 9 }),
    /8 pairs are left to train on, and the setting asks for exactly 9/,
  );
  // Three prompts of three pairs each: four cannot be held out by prompt.
  assert.throws(
    () => split({ heldOutPairs: 4 }, pairs.slice(0, 9)),
    /3 pairs could be held out by prompt with seed 0, and the setting asks for exactly 4/,
  );
});

Deno.test("a setting that asks for none of this has no new field in its config", () => {
  assert.ok(!("shorterThan" in preferenceFile.defaults));
  assert.ok(!("wholePrompts" in preferenceFile.defaults));
  const hash = (more: object) =>
    hashConfig(runConfig(preferenceFile, 0, [{ setting: { model: "m", data: "d", ...more } }]));
  assert.notEqual(hash({}), hash({ trainingPairs: 400 }));
});

Deno.test("a name is found in the folder of SERA_DATA; a bare one that is nowhere is refused", async () => {
  await withTempDir(async (dir) => {
    const before = Deno.env.get("SERA_DATA");
    Deno.env.set("SERA_DATA", dir);
    try {
      assert.throws(() => locate("nowhere.jsonl"), /nowhere\.jsonl is neither in .* SERA_DATA/);
      await Deno.writeTextFile(join(dir, "nowhere.jsonl"), "");
      assert.equal(locate("nowhere.jsonl"), join(dir, "nowhere.jsonl"));
    } finally {
      if (before === undefined) Deno.env.delete("SERA_DATA");
      else Deno.env.set("SERA_DATA", before);
    }
    assert.equal(locate("owner/name"), "owner/name");
    assert.equal(locate("lib/mod.ts"), "lib/mod.ts");
  });
});

const data = sharedDataFile("alpaca_eval_pairs.jsonl");
Deno.test({
  name:
    "the study of real annotators opens 400 and 150 pairs, with names and no folder in its config",
  ignore: data === undefined || smollm2Path === undefined,
  fn: async () => {
    const before = Deno.env.get("SERA_DATA");
    Deno.env.set("SERA_DATA", join(data!, ".."));
    try {
      for (
        const { config } of planStudy(real_annotators, "full", {
          ...{ arms: ["dpo"], conditions: ["noise-40"] },
        })
      ) {
        const { pairs, heldOut } = await openPreferences(config.setting, config.seed);
        assert.deepEqual([pairs.length, heldOut.length], [400, 150]);
        assert.ok(heldOut.every(({ flipped }) => flipped === undefined));
        assert.equal(
          pairs.filter(({ flipped }) => flipped === true).length,
          400 * config.setting.flipRate,
        );
        assert.doesNotMatch(JSON.stringify(config), /"\//);
      }
    } finally {
      if (before === undefined) Deno.env.delete("SERA_DATA");
      else Deno.env.set("SERA_DATA", before);
    }
  },
});
