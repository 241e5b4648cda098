import { pearson } from "../../../lib/statistics/correlation.ts";
import { klPerResponse } from "../../../lib/metrics/kl.ts";
import { distinct2, repetitionRate } from "../../../lib/metrics/text_statistics.ts";
import type { TokenizedPair } from "../../../lib/data/preference.ts";
import { implicitRewards } from "../../../lib/margins/implicit_reward.ts";
import { generate } from "../../../lib/policy/generate.ts";
import type { LanguageModel } from "../../../lib/policy/language_model.ts";
import { sequenceLogps } from "../../../lib/policy/sequence_logps.ts";
import type { EvaluationState } from "../../../lib/sera/run_sera.ts";
import type { SeraConfig } from "../../../lib/sera/config.ts";

/** What is measured on responses to held-out prompts. Null where no figure is defined. */
export interface ResponseMetrics {
  /** Nats a response, against the SFT model. */
  readonly klPerResponse: number | null;
  /** Tokens. */
  readonly meanLength: number | null;
  readonly distinct2: number | null;
  readonly repetitionRate: number | null;
  readonly truncationRate: number | null;
  /** Of the held-out completions. */
  readonly rewardLengthCorrelation: number | null;
}

/** Most held-out prompts that are responded to. */
const PROMPTS = 16;

/** How responses are drawn for measurement: temperature 1, nothing cut, as the KL estimate needs. */
export interface EvaluationSetting {
  readonly heldOut: readonly TokenizedPair[];
  readonly config: SeraConfig;
  readonly seed: number;
  readonly stopTokenIds: readonly number[];
  readonly maxNewTokens: number;
}

/** Responses of a policy to the first held-out prompts, measured. */
export async function measureResponses(
  policy: LanguageModel,
  reference: LanguageModel,
  setting: EvaluationSetting,
): Promise<Omit<ResponseMetrics, "rewardLengthCorrelation">> {
  const prompts = setting.heldOut.slice(0, PROMPTS).map((pair) => pair.promptIds);
  if (prompts.length === 0) {
    return {
      klPerResponse: null,
      meanLength: null,
      distinct2: null,
      repetitionRate: null,
      truncationRate: null,
    };
  }
  const responses = (await generate(policy, prompts, {
    temperature: 1,
    topP: 1,
    topK: 0,
    responses: 1,
    maxNewTokens: setting.maxNewTokens,
    stopTokenIds: setting.stopTokenIds,
    seed: setting.seed,
    path: ["evaluate"],
    batch: PROMPTS,
  })).flat();
  const groups = prompts.map((promptIds, i) => ({
    promptIds,
    completions: [responses[i]?.ids as Int32Array],
  }));
  const options = { maxRows: setting.config.maxRows };
  const [own, sft] = [
    await sequenceLogps(policy, groups, options),
    await sequenceLogps(reference, groups, options),
  ];
  const ids = responses.map((response) => response.ids);
  const share = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    klPerResponse: klPerResponse(own.map((l) => l[0] as number), sft.map((l) => l[0] as number)),
    meanLength: share(ids.map((r) => r.length)),
    distinct2: finite(distinct2(ids)),
    repetitionRate: finite(repetitionRate(ids)),
    truncationRate: share(responses.map((r) => r.finished ? 0 : 1)),
  };
}

/** The evaluation hook of an alignment run. */
export async function evaluateIteration(
  state: EvaluationState,
  setting: EvaluationSetting,
): Promise<ResponseMetrics> {
  return {
    ...await measureResponses(state.policy, state.reference, setting),
    rewardLengthCorrelation: rewardLengthCorrelation(state, setting),
  };
}

function rewardLengthCorrelation(
  { heldOutLogps, heldOutReferenceLogps }: EvaluationState,
  { heldOut, config }: EvaluationSetting,
): number | null {
  if (heldOut.length < 2) return null;
  const lengths = heldOut.flatMap((pair) => [pair.chosenIds.length, pair.rejectedIds.length]);
  const both = (logps: { chosen: Float64Array; rejected: Float64Array }) =>
    Float64Array.from(
      lengths,
      (_, i) => (i % 2 === 0 ? logps.chosen : logps.rejected)[i >> 1] as number,
    );
  const rewards = implicitRewards(
    config.loss,
    both(heldOutLogps),
    both(heldOutReferenceLogps),
    Float64Array.from(lengths),
  );
  return finite(pearson([...rewards], lengths));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
