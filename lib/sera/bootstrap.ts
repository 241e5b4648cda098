import { UserError } from "../errors.ts";
import { usesReference } from "../losses/loss_config.ts";
import { ensembleRewards } from "../margins/ensemble.ts";
import { implicitRewards } from "../margins/implicit_reward.ts";
import { generate, type Response } from "../policy/generate.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import type { PromptGroup } from "../policy/packing.ts";
import type { ProgressSink } from "../progress/progress_sink.ts";
import { createPrng } from "../random/prng.ts";
import { shareOf } from "../round_share.ts";
import { bootstrapPairs, type BootstrapResult } from "../selection/bootstrap_pairs.ts";
import type { TrainingPair } from "../training/update.ts";
import type { BootstrapConfig, SeraConfig } from "./config.ts";
import type { PhaseClock } from "./phase_clock.ts";
import type { Scorer } from "./scorer.ts";
import type { SeraStore } from "./store.ts";
import type { GeneratedPair } from "./types.ts";

/** What bootstrapping works with. */
export interface BootstrapInput {
  /** pi_{t-1}; lent to past policies during the call, and put back. */
  readonly policy: LanguageModel;
  readonly reference: LanguageModel;
  readonly prompts: readonly Int32Array[];
  readonly stopTokenIds: readonly number[];
  readonly config: SeraConfig;
  /** k~, pairs to keep. */
  readonly keep: number;
  readonly iteration: number;
  /** Of the ensemble over past policies, newest first. */
  readonly weights: readonly number[];
  readonly seed: number;
  readonly store: SeraStore;
  readonly clock: PhaseClock;
  readonly scorer: Scorer;
  readonly progress: ProgressSink;
}

/** The pairs of one iteration's bootstrapping. */
export interface Bootstrapped {
  readonly pairs: readonly (GeneratedPair & TrainingPair)[];
  readonly dropped: BootstrapResult["dropped"];
}

/**
 * Preference bootstrapping: the policy responds N times to each of some prompts, the ensemble of
 * past policies ranks, the best response is chosen against the worst, and the pairs with the largest
 * margins are kept [P/I].
 *
 * @throws {UserError} where a past policy is gone or a reward is not finite
 */
export async function bootstrap(
  options: BootstrapConfig,
  input: BootstrapInput,
): Promise<Bootstrapped> {
  const { policy, reference, config, iteration: t, keep } = input;
  const order = drawPrompts(input, Math.ceil(shareOf(options.promptFactor, keep)));
  const prompts = order.map((i) => input.prompts[i] as Int32Array);

  // a. N responses per prompt.
  const responses = await respond(options, input, prompts);
  const groups = prompts.map((promptIds, i): PromptGroup => ({
    promptIds,
    completions: (responses[i] as Response[]).map((response) => response.ids),
  }));

  // b. Their rewards under the ensemble: past policies are run on these new responses once each.
  const sftLogps = usesReference(config.loss) || config.reference === "sft"
    ? await input.scorer.groups(`sft-responses-${t}`, reference, groups)
    : [];
  const currentLogps = await input.scorer.groups(`policy-${t - 1}-responses-${t}`, policy, groups);
  const history = [currentLogps, ...await pastLogps(input, groups)]
    .map((logps) => rewardsOf(config, logps, sftLogps, groups));
  const rewards = ensembleRewards(history, input.weights);

  // c. Best against worst of each prompt, then the pairs with the largest margins.
  let at = 0;
  const candidates = responses.map((list) =>
    list.map((response) => ({
      tokenIds: response.ids,
      truncated: !response.finished,
      reward: rewards[at++] as number,
    }))
  );
  const made = bootstrapPairs(candidates, { by: "margin", keep: { count: keep } });
  const lossReference = config.reference === "previous" ? currentLogps : sftLogps;
  return {
    dropped: made.dropped,
    pairs: made.pairs.map((pair) => ({
      id: `generated-${t}-${pair.promptIndex}`,
      promptIds: prompts[pair.promptIndex] as Int32Array,
      promptIndex: order[pair.promptIndex] as number,
      chosenIds: pair.chosenIds,
      rejectedIds: pair.rejectedIds,
      chosenReward: pair.chosenReward,
      rejectedReward: pair.rejectedReward,
      referenceChosenLogp: lossReference[pair.promptIndex]?.[pair.chosenIndex] as number,
      referenceRejectedLogp: lossReference[pair.promptIndex]?.[pair.rejectedIndex] as number,
    })),
  };
}

/** Indices of `count` prompts, ascending; where there are fewer, all in turn as often as needed. */
function drawPrompts({ prompts, seed, iteration }: BootstrapInput, count: number): number[] {
  const pool = Array.from(
    { length: Math.max(count, prompts.length) },
    (_, i) => i % prompts.length,
  );
  const places = createPrng(seed, "prompts", iteration).shuffle(pool.map((_, i) => i));
  return places.slice(0, count).sort((a, b) => a - b).map((place) => pool[place] as number);
}

/** N responses per prompt, kept chunk by chunk. */
async function respond(
  options: BootstrapConfig,
  { policy, stopTokenIds, seed, iteration, clock, progress }: BootstrapInput,
  prompts: readonly Int32Array[],
): Promise<Response[][]> {
  const perChunk = Math.max(1, Math.floor(options.batch / options.responses));
  const responses: Response[][] = [];
  let tokens = 0;
  progress.phase("generate", prompts.length * options.responses, { unit: "response" });
  for (let first = 0; first < prompts.length; first += perChunk) {
    const chunk = prompts.slice(first, first + perChunk);
    const name = `responses/iteration-${iteration}-${first / perChunk}`;
    const kept = await clock.once("generation", name, async () => {
      const made = await generate(policy, chunk, {
        ...options,
        batch: perChunk * options.responses,
        stopTokenIds,
        seed,
        path: ["respond", iteration, first],
        onToken: (count) => progress.advance(0, { tokens: tokens + count }),
      });
      return made.map((list) => list.map(({ ids, finished }) => ({ ids: [...ids], finished })));
    });
    responses.push(
      ...kept.map((list) =>
        list.map(({ ids, finished }) => ({ ids: Int32Array.from(ids), finished }))
      ),
    );
    tokens += kept.flat().reduce((sum, response) => sum + response.ids.length, 0);
    progress.advance(chunk.length * options.responses, { tokens });
  }
  progress.done();
  return responses;
}

/** Log-probabilities of the groups under the ensemble's policies before the newest. */
async function pastLogps(
  { policy, iteration: t, weights, store, scorer }: BootstrapInput,
  groups: readonly PromptGroup[],
): Promise<number[][][]> {
  if (weights.length < 2) return [];
  const current = await policy.snapshot();
  const out: number[][][] = [];
  for (let age = 1; age < weights.length; age++) {
    const past = await store.policy(t - 1 - age);
    if (past === undefined) {
      throw new UserError(`the policy of iteration ${t - 1 - age} is gone: run it again`);
    }
    policy.restore(past);
    out.push(await scorer.groups(`policy-${t - 1 - age}-responses-${t}`, policy, groups));
  }
  policy.restore(current);
  return out;
}

/** Implicit rewards of all completions in order. */
function rewardsOf(
  { loss }: SeraConfig,
  logps: readonly (readonly number[])[],
  reference: readonly (readonly number[])[],
  groups: readonly PromptGroup[],
): Float64Array {
  const lengths = groups.flatMap((group) => group.completions.map((c) => c.length));
  return implicitRewards(
    loss,
    Float64Array.from(logps.flat()),
    Float64Array.from(reference.flat()),
    Float64Array.from(lengths),
  );
}
