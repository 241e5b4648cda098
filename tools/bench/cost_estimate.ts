/** What a run costs on GPUs, by arithmetic: computed from stated inputs, measured nowhere. */
import { ensembleWeights } from "../../lib/margins/ensemble.ts";
import { shareOf } from "../../lib/round_share.ts";
import { wantedPairs } from "../../lib/sera/bootstrap_yield.ts";
import { defaultBootstrap, defaultSeraConfig } from "../../lib/sera/config.ts";

/** The inputs; each is an option of `estimate.ts`. */
export interface CostInputs {
  readonly pairs: number;
  /** Mean tokens of a prompt. */
  readonly promptTokens: number;
  /** Mean tokens of a response, given or generated. */
  readonly responseTokens: number;
  /** Of the model. */
  readonly parameters: number;
  /** Bytes that a token's keys and values take. */
  readonly cacheBytes: number;
  /** Dense bf16 peak of one GPU, FLOP/s. */
  readonly peak: number;
  /** Share of the peak that updates and scoring reach. */
  readonly utilisation: number;
  /** Memory bandwidth of one GPU, bytes/s. */
  readonly bandwidth: number;
  /** Share of the bandwidth that generation reaches. */
  readonly bandwidthUtilisation: number;
  /** Responses decoded side by side on one GPU. */
  readonly decoded: number;
  readonly gpus: number;
  /** Seconds that a server takes to start; GPUs do not share them. */
  readonly startSeconds: number;
}

/** What a run does. */
export const costedMethods = ["plain DPO", "IRM only", "SeRA"] as const;

/** Hours of a whole run of the default config, by what they go to. */
export interface CostHours {
  readonly update: number;
  readonly scoringGiven: number;
  readonly generation: number;
  readonly scoringResponses: number;
  readonly serverStarts: number;
  readonly total: number;
}

/**
 * Hours of a run. A token costs 2 FLOP per parameter forward and 6 in an update; a decoding step
 * reads the weights once and the cache of every response side by side.
 */
export function costHours(method: typeof costedMethods[number], inputs: CostInputs): CostHours {
  const { pairs, promptTokens, responseTokens, parameters, gpus } = inputs;
  const { iterations, ensemble } = defaultSeraConfig;
  const length = promptTokens + responseTokens;
  const hours = (flop: number) => flop / (inputs.peak * inputs.utilisation * gpus) / 3600;
  const forward = (tokens: number) => hours(2 * parameters * tokens);
  const ranks = method !== "plain DPO", responds = method === "SeRA";
  const later = Array.from({ length: iterations - 1 }, (_, i) => i + 2);
  const wanted = wantedPairs(defaultBootstrap, pairs);
  const prompts = Math.ceil(shareOf(defaultBootstrap.promptFactor, wanted));
  const responses = prompts * defaultBootstrap.responses;
  /** Models that score the responses of iteration t: the SFT model and the ensemble's policies. */
  const scorers = (t: number) => 1 + ensembleWeights(t - 1, ensemble).length;
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const cache = inputs.decoded * inputs.cacheBytes * (promptTokens + responseTokens / 2);
  const step = (2 * parameters + cache) / (inputs.bandwidth * inputs.bandwidthUtilisation);
  const decoding = responses * responseTokens / inputs.decoded * step / gpus / 3600;
  const parts = {
    update: hours(6 * parameters * iterations * pairs * 2 * length),
    scoringGiven: forward(pairs * 2 * length) * (1 + (ranks ? later.length : 0)),
    generation: responds ? later.length * (decoding + forward(responses * promptTokens)) : 0,
    scoringResponses: responds ? forward(responses * length) * sum(later.map(scorers)) : 0,
    serverStarts: inputs.startSeconds / 3600 * (1 + (ranks ? later.length : 0) +
      (responds ? sum(later.map(scorers)) : 0)),
  };
  return { ...parts, total: sum(Object.values(parts)) };
}

const rows: readonly (readonly [string, keyof CostHours])[] = [
  ["updates", "update"],
  ["scoring the given pairs", "scoringGiven"],
  ["generating responses", "generation"],
  ["scoring responses", "scoringResponses"],
  ["server starts", "serverStarts"],
  ["whole run", "total"],
];

/** A Markdown table of hours: a row per work, a column per method and number of GPUs. */
export function costTable(inputs: CostInputs, gpus: readonly number[]): string {
  const columns = gpus.flatMap((count) =>
    costedMethods.map((method) => ({
      head: `${method}, ${count} GPU${count === 1 ? "" : "s"}`,
      hours: costHours(method, { ...inputs, gpus: count }),
    }))
  );
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(["hours, computed", ...columns.map(({ head }) => head)]),
    line(["---", ...columns.map(() => "---:")]),
    ...rows.map(([label, key]) =>
      line([label, ...columns.map(({ hours }) => hours[key].toFixed(hours[key] < 10 ? 2 : 1))])
    ),
    "",
  ].join("\n");
}
