import { type IdleOptions, refuseIdle, valuesInForce } from "../../../lib/cli/idle_options.ts";
import { idleMethodOptions, OF_LORA } from "./idle_method_options.ts";
import { type AlignOptions, alignOptions } from "./options.ts";

type Key = keyof AlignOptions;

const OF_EXTERNAL: readonly Key[] = ["serve", "serveSeconds", "concurrency", "timeout"];

/** Of the model in this process: a server and a trainer have their own. */
const OF_THIS_PROCESS: readonly Key[] = [
  ...["full", "evaluationPrompts", "samplesPerPrompt", "maxRows", "generationBatch"] as const,
  ...["checkpointSeconds", "crossFit", "rewardSteps", "rewardLr"] as const,
];

/** Options of `align` without effect beside the others. */
function idleOptions(options: AlignOptions): IdleOptions<Key> {
  const idle = new Map<Key, string>(idleMethodOptions(options, `--method ${options.method}`));
  const set = (keys: readonly Key[], reason: string) =>
    keys.forEach((key) => idle.set(key, reason));
  if (options.trainer !== undefined) set([...OF_LORA, ...OF_THIS_PROCESS], "--trainer");
  else set(OF_EXTERNAL, "the model in this process (no --trainer)");
  return idle;
}

/**
 * Refuses options that were given, on the command line or in a config file, and would do nothing.
 *
 * @param given how the user wrote each option
 * @throws {UsageError} naming both options
 */
export function refuseIdleOptions(options: AlignOptions, given: ReadonlyMap<Key, string>): void {
  refuseIdle(idleOptions(options), given);
}

/** The options in force, for the run's config file. */
export function optionsInForce(options: AlignOptions): Partial<AlignOptions> {
  return valuesInForce(alignOptions, options, idleOptions(options));
}
