import { engine } from "../engine/tensorflow.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import type { PromptGroup } from "../policy/packing.ts";
import { completionLogps } from "../policy/sequence_logps.ts";
import { fingerprintSequences } from "../files/fingerprint.ts";
import type { LogpCache } from "./logp_cache.ts";
import { cpuKind } from "./machine.ts";

/** What tells one scored model from another. */
export interface ScoredModel {
  /** Fingerprint of the weights. */
  readonly model: string;
  /** Fingerprint of the adapter; null without one. */
  readonly adapter: string | null;
  /** Fingerprint of the tokenizer. */
  readonly tokenizer: string;
}

/**
 * `sequenceLogps` that remembers: the same model, tokenizer, sequences and kind of engine are
 * scored once on one kind of processor, whatever run and whichever machine of a shared cache asks.
 */
export async function cachedSequenceLogps(
  cache: LogpCache,
  identity: ScoredModel,
  model: LanguageModel,
  groups: readonly PromptGroup[],
  options: Parameters<typeof completionLogps>[2] = {},
): Promise<Float64Array[]> {
  const { backend, device, nativeOps, threads, tensorflowVersion } = engine().info;
  const lengths = groups.map((group) => group.completions.length);
  const key = {
    ...identity,
    data: fingerprintSequences(
      groups.flatMap((group) => [
        Int32Array.of(group.completions.length),
        Int32Array.from(group.promptIds),
        ...group.completions.map((completion) => Int32Array.from(completion)),
      ]),
    ),
    // Other processors, kernels, thread counts and batches round differently.
    settings: {
      cpuKind: cpuKind(),
      backend,
      device,
      nativeOps,
      threads,
      tensorflowVersion,
      maxRows: options.maxRows ?? null,
    },
  };
  const { logps } = await cache.getOrCompute(key, async () => ({
    logps: Float64Array.from(await completionLogps(model, groups, options)),
  }));
  let at = 0;
  return lengths.map((count) => (logps as Float64Array).slice(at, at += count));
}
