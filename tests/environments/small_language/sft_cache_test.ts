import assert from "node:assert/strict";
import { join } from "node:path";
import { loadEngine } from "../../../lib/engine/tensorflow.ts";
import { openSftModel } from "../../../lib/environments/small_language/sft_cache.ts";
import { defaultSetting } from "../../../lib/environments/small_language/setting.ts";
import { exportParameters } from "../../../lib/policy/parameters.ts";
import { withTempDir } from "../../support/temp_dir.ts";
import { TINY } from "./tiny_setting.ts";

await loadEngine();
const setting = { ...defaultSetting, ...TINY };

async function valuesOf(cache: string, warnings: string[] = []): Promise<Float32Array[]> {
  const model = await openSftModel(setting, 1, cache, (message) => warnings.push(message));
  const tensors = await exportParameters(model.config, model.base);
  model.dispose();
  return [...tensors.values()].map(({ data }) => data);
}

Deno.test("a flipped bit, a cut file and another file are named, set aside and made again", () =>
  withTempDir(async (cache) => {
    const expected = await valuesOf(cache);
    const [{ name } = { name: "" }] = [...Deno.readDirSync(cache)];
    const path = join(cache, name);
    const sound = Deno.readFileSync(path);
    const flipped = sound.slice();
    flipped[flipped.length - 2]! ^= 1;
    for (const damaged of [flipped, sound.slice(0, -100), sound.slice(0, 3), new Uint8Array()]) {
      Deno.writeFileSync(path, damaged);
      const warnings: string[] = [];
      assert.deepEqual(await valuesOf(cache, warnings), expected);
      assert.equal(warnings.length, 1);
      assert.ok(warnings[0]?.includes(path) && warnings[0].includes("making it anew"));
      assert.deepEqual(Deno.readFileSync(`${path}.damaged`), damaged);
      assert.deepEqual(Deno.readFileSync(path), sound);
    }
    assert.deepEqual(await valuesOf(cache, []), expected);
  }));

Deno.test("a cache that cannot be written costs the training and no more", () =>
  withTempDir(async (dir) => {
    const file = join(dir, "taken");
    Deno.writeTextFileSync(file, "");
    const warnings: string[] = [];
    const values = await valuesOf(join(file, "cache"), warnings);
    assert.deepEqual(values, await valuesOf(join(dir, "cache")));
    assert.match(warnings.at(-1) ?? "", /the SFT model is not kept: cannot write/);
  }));
