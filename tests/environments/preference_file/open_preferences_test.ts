/** Labels that the data file itself says were flipped. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { refuseUnknownFlips } from "../../../experiments/commands/align/configure.ts";
import { suspectsOf } from "../../../experiments/commands/align/suspects.ts";
import { flipsKnown } from "../../../lib/data/label_noise.ts";
import {
  type OpenedPreferences,
  openPreferences,
  preferenceSetting,
} from "../../../lib/environments/preference_file/open_preferences.ts";
import { defaultPreferenceSetting } from "../../../lib/environments/preference_file/setting.ts";
import { assertUserError } from "../../support/errors.ts";
import { withTempDir } from "../../support/temp_dir.ts";
import { makeTinyModelFolder } from "../../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../../support/tiny_pairs.ts";

const CLEAN = tinyPairs(40, 3).map((pair, i) => ({ id: `p${i}`, ...pair }));
/** A quarter exchanged, as `data --flip-labels 0.25` writes it. */
const NOISY = CLEAN.map((pair, i) => ({
  ...pair,
  ...(i % 4 === 0 ? { chosen: pair.rejected, rejected: pair.chosen } : {}),
  flipped: i % 4 === 0,
}));

/** Opens both files with this share of the labels flipped in the noisy one. */
async function opened(
  flipRate: number,
  use: (clean: OpenedPreferences, noisy: OpenedPreferences) => Promise<void> | void,
): Promise<void> {
  await withTempDir(async (dir) => {
    await makeTinyModelFolder(join(dir, "model"), { seed: 7 });
    const open = async (name: string, rows: readonly unknown[], rate: number) => {
      const data = join(dir, name);
      Deno.writeTextFileSync(data, jsonLines(rows));
      return await openPreferences({
        ...{ ...defaultPreferenceSetting, model: join(dir, "model"), data, flipRate: rate },
        heldOut: 0.3,
      }, 1);
    };
    await use(await open("clean.jsonl", CLEAN, 0), await open("noisy.jsonl", NOISY, flipRate));
  });
}

const sides = ({ chosenIds, rejectedIds }: OpenedPreferences["pairs"][number]) => [
  [...chosenIds],
  [...rejectedIds],
];
const isExchanged = (id: string) => Number(id.slice(1)) % 4 === 0;

Deno.test("what the data say was flipped is known: held-out pairs have their first labels", () =>
  opened(0, (clean, noisy) => {
    assert.equal(flipsKnown(clean.pairs), false);
    assert.equal(clean.pairs[0]?.flipped, undefined);
    assert.equal(flipsKnown(noisy.pairs), true);
    assert.ok(noisy.heldOut.some(({ id }) => isExchanged(id)));
    assert.deepEqual(noisy.heldOut.map(sides), clean.heldOut.map(sides));
    noisy.pairs.forEach((pair, i) => {
      assert.equal(pair.flipped, isExchanged(pair.id), pair.id);
      const first = sides(clean.pairs[i]!);
      assert.deepEqual(sides(pair), pair.flipped ? first.toReversed() : first);
    });
  }));

Deno.test("flips on top of the data's own put right what was wrong, and are told as such", () =>
  opened(0.5, async (clean, noisy) => {
    noisy.pairs.forEach((pair, i) => {
      const first = sides(clean.pairs[i]!);
      assert.deepEqual(sides(pair), pair.flipped ? first.toReversed() : first, pair.id);
    });
    assert.ok(noisy.pairs.some(({ id, flipped }) => isExchanged(id) && !flipped), "one put right");
    assert.ok(noisy.pairs.some(({ id, flipped }) => !isExchanged(id) && flipped), "one flipped");
    // As it was trained on, whoever exchanged it.
    const suspects = await suspectsOf(noisy, [{
      iteration: 2,
      margins: noisy.pairs.map((_, i) => i),
      kept: noisy.pairs.map(() => true),
      flipped: noisy.pairs.map(({ flipped }) => flipped === true),
    }], () => {});
    assert.equal(suspects.length, noisy.pairs.length);
    for (const { id, chosen, flipped } of suspects) {
      const { chosen: better, rejected } = CLEAN[Number(id.slice(1))]!;
      assert.equal(chosen, flipped ? rejected : better, id);
    }
  }));

Deno.test("rules that need known flips take the data's word", () => {
  const pair = {
    id: "a",
    ...{ promptIds: Int32Array.of(1), chosenIds: Int32Array.of(2), rejectedIds: Int32Array.of(3) },
  };
  const ask = (known: boolean) =>
    refuseUnknownFlips("oracle", [known ? { ...pair, flipped: false } : pair]);
  ask(true);
  assert.throws(() => ask(false), {
    name: "UserError",
    message:
      '--rule oracle needs known flips: give --flip-labels, or data with "flipped" in every record',
  });
});

Deno.test("one record that knows its label makes no other one known", async () => {
  await withTempDir(async (dir) => {
    await makeTinyModelFolder(join(dir, "model"), { seed: 7 });
    const data = join(dir, "pairs.jsonl");
    Deno.writeTextFileSync(data, jsonLines([...NOISY.slice(0, 3), ...CLEAN.slice(3)]));
    const open = (flipRate: number) =>
      openPreferences({
        ...{ ...defaultPreferenceSetting, model: join(dir, "model"), data, flipRate, heldOut: 0 },
      }, 1);
    const { pairs } = await open(0);
    assert.deepEqual(pairs.slice(0, 5).map(({ flipped }) => flipped), [
      ...[true, false, false, undefined, undefined],
    ]);
    assert.equal(flipsKnown(pairs), false);
    await assertUserError(
      () => open(0.5),
      'pairs.jsonl: 3 of 40 training pairs say in "flipped" whether they are flipped',
      "fill it in every record, or leave --flip-labels out",
    );
  });
});

Deno.test("a flipped that is neither true nor false names its record", async () => {
  await withTempDir(async (dir) => {
    await makeTinyModelFolder(join(dir, "model"), { seed: 7 });
    const data = join(dir, "pairs.jsonl");
    Deno.writeTextFileSync(data, jsonLines([...CLEAN.slice(0, 4), { ...CLEAN[4], flipped: 0.3 }]));
    await assertUserError(
      () => openPreferences({ ...defaultPreferenceSetting, model: join(dir, "model"), data }, 0),
      'pairs.jsonl:5: "flipped" is number 0.3, neither true nor false',
    );
  });
});

Deno.test("a setting without wholePrompts cuts prompts to half, as the published runs did", async () => {
  await withTempDir(async (dir) => {
    await makeTinyModelFolder(join(dir, "model"), { seed: 7 });
    const data = join(dir, "pairs.jsonl");
    const rows = ["ab", "cd", "ef"].map((chosen) => ({
      ...{ prompt: "0123456789".repeat(2), chosen, rejected: "x" },
    }));
    Deno.writeTextFileSync(data, jsonLines(rows));
    const files = { model: join(dir, "model"), data, heldOut: 0 };
    const promptsOf = async (more: object) => {
      const setting = { ...defaultPreferenceSetting, ...files, ...more, maxLength: 28 };
      const { tokenized } = await openPreferences({ ...setting, chatTemplate: "never" }, 0);
      return new Set(tokenized.pairs.map(({ promptIds }) => promptIds.length));
    };
    assert.deepEqual(await promptsOf({}), new Set([14]));
    assert.deepEqual(await promptsOf({ wholePrompts: false }), new Set([14]));
    assert.deepEqual(await promptsOf({ wholePrompts: true }), new Set([20]));
    const { wholePrompts, evaluationDraw } = await preferenceSetting(files);
    assert.deepEqual({ wholePrompts, evaluationDraw }, {
      wholePrompts: true,
      evaluationDraw: "seeded",
    });
    assert.equal((await preferenceSetting({ ...files, wholePrompts: false })).wholePrompts, false);
  });
});
