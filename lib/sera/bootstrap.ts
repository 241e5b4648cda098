import { UserError } from "../errors.ts";
import { usesReference } from "../losses/loss_config.ts";
import { ensembleRewards } from "../margins/ensemble.ts";
import { implicitRewards } from "../margins/implicit_reward.ts";
import { generate, type Response } from "../policy/generate.ts";
import type { PromptGroup } from "../policy/packing.ts";
import { createPrng } from "../random/prng.ts";
import { shareOf } from "../round_share.ts";
import { bootstrapPairs, type BootstrapResult } from "../selection/bootstrap_pairs.ts";
import type { TrainingPair } from "../training/update.ts";
import { checkYield } from "./bootstrap_yield.ts";
import type { BootstrapConfig, SeraConfig } from "./config.ts";
import type { PreparedRun } from "./prepare_run.ts";
import type { GeneratedPair, SeraIteration } from "./types.ts";

/** The pairs of one iteration's bootstrapping. */
export interface Bootstrapped {
  readonly pairs: readonly GeneratedPair[];
  /** The same as the update sees them: with the reference's log-probabilities. */
  readonly training: readonly TrainingPair[];
  /** null where there was no bootstrapping. */
  readonly dropped: BootstrapResult["dropped"] | null;
}

/**
 * Preference bootstrapping: the policy responds N times to each of some prompts, the ensemble of
 * past policies ranks, the best response is chosen against the worst, and the pairs with the largest
 * margins are kept [P/I]. No pairs in iteration 1, or where the config has it off.
 *
 * @param run its policy is pi_{t-1}: lent to past policies during the call, and put back
 * @param weights of the ensemble over past policies, newest first
 * @param previous the iteration before
 * @throws {UserError} where a past policy is gone, a reward is not finite, or two iterations running
 * gave no pair
 */
export async function bootstrap(
  run: PreparedRun,
  t: number,
  weights: readonly number[],
  previous: SeraIteration | undefined,
): Promise<Bootstrapped> {
  const { policy, reference, config, keepOwn, scorer } = run;
  const { bootstrap: options } = config;
  if (options === null || t === 1) return { pairs: [], training: [], dropped: null };
  const order = drawPrompts(run, t, Math.ceil(shareOf(options.promptFactor, keepOwn)));
  const prompts = order.map((i) => run.prompts[i] as Int32Array);

  // a. N responses per prompt.
  const responses = await respond(options, run, t, prompts);
  const groups = prompts.map((promptIds, i): PromptGroup => ({
    promptIds,
    completions: (responses[i] as Response[]).map((response) => response.ids),
  }));

  // b. Their rewards under the ensemble: past policies are run on these new responses once each.
  const sftLogps = usesReference(config.loss) || config.reference === "sft"
    ? await scorer.groups(`sft-responses-${t}`, reference, groups)
    : [];
  const currentLogps = await scorer.groups(`policy-${t - 1}-responses-${t}`, policy, groups);
  const history = [currentLogps, ...await pastLogps(run, t, weights.length, groups)]
    .map((logps) => rewardsOf(config, logps, sftLogps, groups));
  const rewards = ensembleRewards(history, weights);

  // c. Best against worst of each prompt, then the pairs with the largest margins.
  let at = 0;
  const candidates = responses.map((list) =>
    list.map((response) => ({
      tokenIds: response.ids,
      truncated: !response.finished,
      reward: rewards[at++] as number,
    }))
  );
  const made = bootstrapPairs(candidates, { count: keepOwn });
  const lossReference = config.reference === "previous" ? currentLogps : sftLogps;
  const pairs = made.pairs.map((pair): GeneratedPair => ({
    id: `generated-${t}-${pair.promptIndex}`,
    promptIds: prompts[pair.promptIndex] as Int32Array,
    promptIndex: order[pair.promptIndex] as number,
    chosenIds: pair.chosenIds,
    rejectedIds: pair.rejectedIds,
    chosenReward: pair.chosenReward,
    rejectedReward: pair.rejectedReward,
  }));
  checkYield(run, t, { pairs, dropped: made.dropped }, previous);
  return {
    pairs,
    training: made.pairs.map(({ promptIndex, chosenIndex, rejectedIndex }, i) => ({
      ...pairs[i] as GeneratedPair,
      referenceChosenLogp: lossReference[promptIndex]?.[chosenIndex] as number,
      referenceRejectedLogp: lossReference[promptIndex]?.[rejectedIndex] as number,
    })),
    dropped: made.dropped,
  };
}

/** Indices of `count` prompts, ascending; where there are fewer, all in turn as often as needed. */
export function drawPrompts(
  { prompts, seed }: Pick<PreparedRun, "prompts" | "seed">,
  t: number,
  count: number,
): number[] {
  const pool = Array.from(
    { length: Math.max(count, prompts.length) },
    (_, i) => i % prompts.length,
  );
  const places = createPrng(seed, "prompts", t).shuffle(pool.map((_, i) => i));
  return places.slice(0, count).sort((a, b) => a - b).map((place) => pool[place] as number);
}

/** N responses per prompt, kept chunk by chunk. */
async function respond(
  options: BootstrapConfig,
  { policy, stopTokenIds, seed, clock, progress }: PreparedRun,
  t: number,
  prompts: readonly Int32Array[],
): Promise<Response[][]> {
  const perChunk = Math.max(1, Math.floor(options.batch / options.responses));
  const responses: Response[][] = [];
  let tokens = 0;
  progress.phase("generate", prompts.length * options.responses, { unit: "response" });
  for (let first = 0; first < prompts.length; first += perChunk) {
    const chunk = prompts.slice(first, first + perChunk);
    const name = `responses/iteration-${t}-${first / perChunk}`;
    const kept = await clock.once("generation", name, async () => {
      const made = await generate(policy, chunk, {
        ...options,
        batch: perChunk * options.responses,
        stopTokenIds,
        seed,
        path: ["respond", t, first],
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

/** Log-probabilities of the groups under the ensemble's policies but the newest. */
async function pastLogps(
  { policy, store, scorer }: PreparedRun,
  t: number,
  policies: number,
  groups: readonly PromptGroup[],
): Promise<number[][][]> {
  if (policies < 2) return [];
  const current = await policy.snapshot();
  const out: number[][][] = [];
  for (let age = 1; age < policies; age++) {
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
