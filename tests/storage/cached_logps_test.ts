import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { cachedSequenceLogps } from "../../lib/storage/cached_logps.ts";
import type { LogpCache, LogpKey } from "../../lib/storage/logp_cache.ts";
import { readMachine } from "../../lib/storage/machine.ts";

Deno.test("what rounds differently is part of a score's key: engine and kind of processor", async () => {
  const { info } = await loadEngine();
  let asked: LogpKey | undefined;
  const cache = {
    getOrCompute: (key: LogpKey) => {
      asked = key;
      return Promise.resolve({ logps: Float64Array.of(-1, -2) });
    },
  } as unknown as LogpCache;
  const identity = { model: "m", adapter: null, tokenizer: "t" };
  const groups = [{
    promptIds: Int32Array.of(1),
    completions: [Int32Array.of(2), Int32Array.of(3)],
  }];
  const logps = await cachedSequenceLogps(cache, identity, {} as LanguageModel, groups);
  assert.deepEqual(logps, [Float64Array.of(-1, -2)]);
  const { backend, device, nativeOps, threads, tensorflowVersion } = info;
  assert.deepEqual(asked?.settings, {
    ...{ cpuKind: readMachine().cpuKind, backend, device, nativeOps, threads, tensorflowVersion },
    maxRows: null,
  });
});
