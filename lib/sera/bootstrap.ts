import { UserError } from "../errors.ts";
import { ensembleRewards } from "../margins/ensemble.ts";
import { implicitRewards, rewardReadsReference } from "../margins/implicit_reward.ts";
import { generate, type Response } from "../policy/generate.ts";
import { keptResponses, responsesOf } from "../policy/kept_responses.ts";
import type { PromptGroup } from "../policy/packing.ts";
import { responseGroups } from "../policy/response_groups.ts";
import { createPrng } from "../random/prng.ts";
import { checkYield } from "./bootstrap_yield.ts";
import type { BootstrapConfig, SeraConfig } from "./config.ts";
import { type Bootstrapped, ownPairs } from "./own_pairs.ts";
import type { PreparedRun } from "./prepare_run.ts";
import { promptsNeeded } from "./prompts_needed.ts";
import type { SeraIteration } from "./types.ts";

/**
 * Preference bootstrapping: the policy responds N times to each of some prompts, the ensemble of
 * past policies ranks (or the judge that the config names), the best response is chosen against the
 * worst, and the pairs with the largest margins are kept [P/I]. No pairs in iteration 1, or where
 * the config has it off.
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
  const order = drawPrompts(run, t, promptsNeeded(options, keepOwn));
  const prompts = order.map((i) => run.prompts[i] as Int32Array);

  // a. N responses per prompt.
  const responses = await respond(options, run, t, prompts);
  const groups = responseGroups(prompts, responses);

  // b. Their rewards under the judge, and what the loss measures against.
  const implicit = options.judge === "implicit";
  const sftLogps =
    (implicit && rewardReadsReference(config.loss, config.margin)) || config.reference === "sft"
      ? await scorer.groups(`sft-responses-${t}`, reference, groups)
      : [];
  const currentLogps = implicit || config.reference === "previous"
    ? await scorer.groups(`policy-${t - 1}-responses-${t}`, policy, groups)
    : [];
  const rewards = implicit
    ? await implicitJudgement(run, t, weights, { groups, currentLogps, sftLogps })
    : await explicitJudgement(run, t, groups);

  // c. Best against worst of each prompt, then the pairs with the largest margins.
  const lossReference = config.reference === "previous" ? currentLogps : sftLogps;
  const { emptyResponses } = run;
  const judged = {
    ...{ iteration: t, prompts, order, responses, rewards, lossReference, emptyResponses },
  };
  const made = ownPairs(judged, keepOwn);
  checkYield(run, t, made, previous);
  return made;
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

/** N responses per prompt, kept chunk by chunk. Draws are named by chunk, too: see `batch`. */
async function respond(
  options: BootstrapConfig,
  { policy, stopTokenIds, cutResponses, seed, clock, progress }: PreparedRun,
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
      return keptResponses(made);
    });
    responses.push(
      ...responsesOf(kept).map((list) =>
        list.map(({ ids, finished }) => ({
          ids,
          finished: finished || cutResponses === "kept",
        }))
      ),
    );
    tokens += kept.flat().reduce((sum, response) => sum + response.ids.length, 0);
    progress.advance(chunk.length * options.responses, { tokens });
  }
  progress.done();
  return responses;
}

/** Ensemble rewards of all completions: past policies are run on these new responses once each. */
async function implicitJudgement(
  run: PreparedRun,
  t: number,
  weights: readonly number[],
  { groups, currentLogps, sftLogps }: {
    readonly groups: readonly PromptGroup[];
    readonly currentLogps: readonly (readonly number[])[];
    readonly sftLogps: readonly (readonly number[])[];
  },
): Promise<Float64Array> {
  const history = [currentLogps, ...await pastLogps(run, t, weights.length, groups)]
    .map((logps) => rewardsOf(run.config, logps, sftLogps, groups));
  return ensembleRewards(history, weights);
}

/** Rewards of all completions under the explicit reward model (no part of the paper). */
async function explicitJudgement(
  { rewardModel }: PreparedRun,
  t: number,
  groups: readonly PromptGroup[],
): Promise<Float64Array> {
  if (rewardModel === undefined) throw new RangeError("no reward model: check the config");
  return await rewardModel.groups(`responses-${t}`, groups);
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
export function rewardsOf(
  { loss, margin }: SeraConfig,
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
    margin,
  );
}
