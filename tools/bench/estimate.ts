/** `deno run -A tools/bench/estimate.ts`: hours of a run on GPUs, computed from what is given. */
import { parseCommand } from "../../lib/cli/command.ts";
import { numberOption, type OptionSpec } from "../../lib/cli/option.ts";
import { runCommand } from "../../lib/cli/run_command.ts";
import { type CostInputs, costTable } from "./cost_estimate.ts";

const input = (
  flag: string,
  description: string,
  fallback: number,
): OptionSpec<number> =>
  numberOption({ flags: `--${flag} <number>`, description, above: 0, default: fallback });

/** Every input with the default that docs/scale.md shows: Mistral-7B, UltraFeedback, an H100 SXM. */
export const estimateOptions = {
  pairs: input("pairs", "preference pairs", 61135),
  promptTokens: input("prompt-tokens", "mean tokens of a prompt", 180),
  responseTokens: input("response-tokens", "mean tokens of a response", 300),
  parameters: input("parameters", "of the model", 7.24e9),
  cacheBytes: input("cache-bytes", "of a token's keys and values", 131072),
  peak: input("peak", "dense bf16 peak of one GPU, FLOP/s", 989e12),
  utilisation: input("utilisation", "share of the peak that updates and scoring reach", 0.4),
  bandwidth: input("bandwidth", "memory bandwidth of one GPU, bytes/s", 3.35e12),
  bandwidthUtilisation: input(
    "bandwidth-utilisation",
    "share of the bandwidth that generation reaches",
    0.5,
  ),
  decoded: input("decoded", "responses decoded side by side on one GPU", 256),
  gpus: input("gpus", "GPUs, beside one", 8),
  startSeconds: input("start-seconds", "time that a server takes to start", 120),
} satisfies Record<keyof CostInputs, OptionSpec<number>>;

if (import.meta.main) {
  await runCommand((args) => {
    const { options } = parseCommand({
      name: "estimate",
      description: "Hours of a run with the default config on GPUs: computed, not measured.",
      options: estimateOptions,
      notes:
        `A token costs 2 FLOP per parameter forward and 6 in an update. A decoding step reads the
weights (bf16) once and the cache of every response side by side. GPUs share all but server starts.`,
    }, args);
    console.log(costTable(options, [...new Set([1, options.gpus])]));
  });
}
