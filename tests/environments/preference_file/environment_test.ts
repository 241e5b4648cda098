import assert from "node:assert/strict";
import { join } from "node:path";
import { engine, loadEngine } from "../../../lib/engine/tensorflow.ts";
import { preferenceFile } from "../../../lib/environments/preference_file/environment.ts";
import {
  openPreferences,
  preferenceSetting,
} from "../../../lib/environments/preference_file/open_preferences.ts";
import { evaluatedPairs } from "../../../lib/environments/preference_file/load_preferences.ts";
import type { PreferenceFileSetting } from "../../../lib/environments/preference_file/setting.ts";
import { hashConfig, runConfig } from "../../../lib/study/run_config.ts";
import { withTempDir } from "../../support/temp_dir.ts";
import { makeTinyModelFolder } from "../../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../../support/tiny_pairs.ts";

/** A tiny model and 20 pairs of 10 prompts on disk, and the setting that names them. */
async function withFiles(
  action: (setting: PreferenceFileSetting, dir: string) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    const model = join(dir, "model"), data = join(dir, "pairs.jsonl");
    await makeTinyModelFolder(model, { seed: 7 });
    const pairs = tinyPairs(20, 3);
    await Deno.writeTextFile(
      data,
      jsonLines(pairs.map((pair, i) => ({ ...pair, prompt: pairs[i >> 1]?.prompt }))),
    );
    const files = await preferenceSetting({ model, data });
    await action({ ...preferenceFile.defaults, ...files, heldOut: 0.3, rank: 2 }, dir);
  });
}

Deno.test("training and held-out pairs share no prompt; prompts respond in turn, each once", async () => {
  await loadEngine();
  await withFiles(async (setting) => {
    const run = await preferenceFile.prepare({ ...setting, evaluationPrompts: 2 }, 4);
    const { pairs, heldOut = [], evaluation, policy } = run;
    const promptsOf = (list: typeof pairs) => new Set(list.map((pair) => pair.promptIds.join()));
    assert.deepEqual([pairs.length, heldOut.length], [14, 6]);
    assert.equal(promptsOf(pairs).intersection(promptsOf(heldOut)).size, 0);
    assert.equal(evaluation?.prompts.length, 2);
    assert.equal(new Set(evaluation?.prompts.map((ids) => ids.join())).size, 2);
    assert.ok(pairs.every((pair) => pair.flipped === undefined), "nothing is known of the labels");
    assert.deepEqual(policy.loraConfig?.rank, 2);
    assert.match(run.text(pairs[0]?.promptIds ?? []), /user/);
    run.dispose();
  });
});

Deno.test("prompts that are responded to are drawn by the seed, or the first in the file", () => {
  const heldOut = Array.from({ length: 40 }, (_, i) => ({
    ...{ id: `${i}`, promptIds: Int32Array.of(i >> 1) },
    ...{ chosenIds: Int32Array.of(1), rejectedIds: Int32Array.of(2) },
  }));
  const drawn = (seed: number, evaluationDraw?: "seeded") =>
    evaluatedPairs({
      heldOut,
      setting: { evaluationPrompts: 6, ...(evaluationDraw && { evaluationDraw }) },
    }, seed).map(({ promptIds }) => promptIds[0] as number);
  assert.deepEqual(drawn(1), [0, 1, 2, 3, 4, 5]);
  const [one, other] = [drawn(1, "seeded"), drawn(2, "seeded")];
  assert.deepEqual(drawn(1, "seeded"), one);
  assert.notDeepEqual(other, one);
  for (const places of [one, other]) {
    assert.equal(new Set(places).size, 6);
    assert.deepEqual(places, places.toSorted((a, b) => a - b));
    assert.ok(places.some((place) => place >= 6), "not only the first");
  }
});

Deno.test("flips are injected among the training pairs alone, nested from rate to rate", async () => {
  await withFiles(async (setting) => {
    const at = (flipRate: number, seed = 4) => openPreferences({ ...setting, flipRate }, seed);
    const [none, some, more, other] = [await at(0), await at(0.2), await at(0.5), await at(0.2, 5)];
    const flipped = ({ pairs }: typeof none) =>
      new Set(pairs.filter((pair) => pair.flipped).map((pair) => pair.id));
    assert.deepEqual([none, some, more].map((each) => flipped(each).size), [0, 3, 7]);
    assert.ok(flipped(some).isSubsetOf(flipped(more)));
    assert.notDeepEqual(flipped(other), flipped(some));
    for (const [i, pair] of some.pairs.entries()) {
      const clean = none.pairs[i];
      assert.deepEqual(pair.chosenIds, pair.flipped ? clean?.rejectedIds : clean?.chosenIds);
    }
    assert.deepEqual(some.heldOut, none.heldOut);
  });
});

Deno.test("runs share the frozen weights and free their own", async () => {
  await loadEngine();
  await withFiles(async (setting) => {
    const first = await preferenceFile.prepare(setting, 1);
    const before = engine().tf.memory().numTensors;
    const second = await preferenceFile.prepare(setting, 2);
    assert.equal(second.reference, first.reference);
    second.dispose();
    const full = await preferenceFile.prepare({ ...setting, full: true }, 1);
    assert.equal(full.policy.loraConfig, undefined);
    full.dispose();
    assert.equal(engine().tf.memory().numTensors, before);
    first.dispose();
  });
});

Deno.test("a changed model or data file is another run, and is refused where the old one is asked for", async () => {
  await withFiles(async (setting, dir) => {
    const hash = (files: Partial<PreferenceFileSetting>) =>
      hashConfig(runConfig(preferenceFile, 0, [{ setting: files }]));
    const { model, data } = setting;
    const planned = await preferenceSetting({ model, data });
    assert.equal(hash(planned), hash(await preferenceSetting({ model, data })));

    await Deno.writeTextFile(data, jsonLines(tinyPairs(20, 9)));
    assert.notEqual(hash(planned), hash(await preferenceSetting({ model, data })));
    await assert.rejects(
      preferenceFile.prepare(setting, 0),
      /pairs\.jsonl has changed since the run was planned/,
    );
    const other = await preferenceSetting({ model, data });
    await makeTinyModelFolder(join(dir, "model"), { seed: 8 });
    assert.notEqual(hash(other), hash(await preferenceSetting({ model, data })));
    await assert.rejects(
      preferenceFile.prepare({ ...setting, ...other }, 0),
      /model has changed since the run was planned/,
    );
  });
});

Deno.test("a setting that cannot be run is refused by name", async () => {
  await withFiles(async (setting) => {
    const refused: [Partial<PreferenceFileSetting>, RegExp][] = [
      [{ rank: 0 }, /setting: rank is 0; it must be a whole number from 1/],
      [{ flipRate: 1.5 }, /setting: flipRate is 1\.5; it must be in \[0, 1\]/],
      [{ heldOut: NaN }, /setting: heldOut is null; it must be in \[0, 1\)/],
      [{ targets: "q_proj,w_proj" }, /LoRA target w_proj is unknown/],
      [{ limit: 2, heldOut: 0.5 }, /2 pairs are too few: .*raise --limit/],
      [{ modelSha256: null }, /make it with preferenceSetting/],
    ];
    for (const [change, message] of refused) {
      await assert.rejects(preferenceFile.prepare({ ...setting, ...change }, 0), message);
    }
  });
});
