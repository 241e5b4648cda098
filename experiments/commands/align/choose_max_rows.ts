import { WASM_BYTES } from "../../../lib/engine/ops/attention_room.ts";
import type { TokenizedPair } from "../../../lib/data/preference.ts";
import { longerAnswer } from "../../../lib/data/truncate_pair.ts";
import type { EngineInfo } from "../../../lib/engine/tensorflow.ts";
import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import { UserError } from "../../../lib/errors.ts";
import { needsWholeBatch } from "../../../lib/losses/loss_config.ts";
import {
  chooseRows,
  type RowsChoice,
  scoreBytes,
  weightBytes,
} from "../../../lib/policy/memory.ts";
import { packedRows } from "../../../lib/policy/packing.ts";
import { defaultSeraConfig, type SeraConfig } from "../../../lib/sera/config.ts";
import { recordedConfig } from "../../../lib/storage/run_directory.ts";
import { groupOf } from "../../../lib/training/update.ts";
import type { AlignOptions } from "./options.ts";

/**
 * Copies of the weights: one under adapters; else policy, reference, SFT policy, two moments, a
 * pass's gradient and the sum of those before it.
 */
const ADAPTED = 1, FULL = 7;

/**
 * `--max-rows`: what the user gave, what the run had that is continued, or as many as the free
 * memory holds. The memory of a GPU is not looked at. With bootstrapping a prompt may stand with two
 * responses of the policy, each as long as they may get, from the second iteration on.
 *
 * @param available free memory, bytes. Default: what the system says
 * @param held copies of the weights, where all train, that the process holds beside an update's own
 * @throws {UserError} on the wasm backend, which cannot go beyond its address space, and without
 * fused kernels where the scores of the longest sequence alone do not fit
 */
export function chooseMaxRows(
  { files: { config }, lora, pairs, setting }: Pick<
    OpenedPreferences,
    "files" | "lora" | "pairs" | "setting"
  >,
  { maxRows: given, out, force }: Pick<AlignOptions, "maxRows" | "out" | "force">,
  { loss, batch, bootstrap, iterations }: Pick<
    SeraConfig,
    "loss" | "batch" | "bootstrap" | "iterations"
  >,
  { backend, device, nativeOps }: EngineInfo,
  available: number = Deno.systemMemoryInfo().available,
  held = 0,
): RowsChoice {
  const before = force ? undefined : rowsOf(recordedConfig(out));
  const wanted = given ?? before ?? defaultSeraConfig.maxRows;
  if (device === "gpu") return { maxRows: wanted };
  const isWasm = backend === "wasm";
  const full = lora === undefined;
  const weights = (full ? FULL + held : ADAPTED) * weightBytes(config);
  const free = Math.max(0, (isWasm ? Math.min(available, WASM_BYTES) : available) - weights);
  const most = bootstrap === null || iterations < 2 ? 0 : setting.maxNewTokens;
  /** Tokens that an own response to the pair's prompt may have. */
  const ownOf = ({ promptIds }: TokenizedPair) =>
    Math.min(most, Math.max(0, config.maxPositions - promptIds.length));
  const ofPairs = pairs.map((pair) =>
    Math.max(packedRows(groupOf(pair)), pair.promptIds.length - 1 + 2 * ownOf(pair))
  );
  const longest = pairs.reduce(
    (length, pair) =>
      Math.max(length, pair.promptIds.length + Math.max(longerAnswer(pair), ownOf(pair))),
    0,
  );
  const choice = chooseRows(config, {
    groupRows: needsWholeBatch(loss) ? [largestSum(ofPairs, batch)] : ofPairs,
    ...{ longest, wanted, fixed: (given ?? before) !== undefined, fused: nativeOps, full, free },
    ...(most > 0 ? { lower: "--max-length or --max-new-tokens" } : {}),
  });
  if (choice.warning === undefined) return choice;
  if (isWasm) throw new UserError(`${choice.warning}, or set up TensorFlow`);
  if (scoreBytes(config, { rows: longest, longest, fused: nativeOps }) > free) {
    throw new UserError(`${choice.warning}, or build the fused kernels: deno task setup`);
  }
  return choice;
}

/** The sum of the `count` largest. */
function largestSum(numbers: readonly number[], count: number): number {
  return numbers.toSorted((a, b) => b - a).slice(0, count).reduce((sum, n) => sum + n, 0);
}

/** The rows in a run's config; undefined where it has none. */
function rowsOf(config: unknown): number | undefined {
  const rows = (config as { sera?: { maxRows?: unknown } } | undefined)?.sera?.maxRows;
  return Number.isSafeInteger(rows) ? rows as number : undefined;
}
