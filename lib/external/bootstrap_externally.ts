import { ensembleRewards } from "../margins/ensemble.ts";
import { rewardReadsReference } from "../margins/implicit_reward.ts";
import { responseGroups } from "../policy/response_groups.ts";
import { drawPrompts, rewardsOf } from "../sera/bootstrap.ts";
import { checkYield, wantedPairs } from "../sera/bootstrap_yield.ts";
import { type Bootstrapped, ownPairs } from "../sera/own_pairs.ts";
import { distinctPrompts } from "../sera/prepare_run.ts";
import { promptsNeeded } from "../sera/prompts_needed.ts";
import type { SeraIteration } from "../sera/types.ts";
import type { ExternalRun } from "./external_run.ts";

/**
 * Preference bootstrapping with the model elsewhere: what `bootstrap` does in this process.
 *
 * @param weights of the ensemble over past policies, newest first
 * @param previous the iteration before
 * @throws {UserError} where a server fails, or two iterations running gave no pair
 */
export async function bootstrapExternally(
  run: ExternalRun,
  t: number,
  weights: readonly number[],
  previous: SeraIteration | undefined,
): Promise<Bootstrapped> {
  const { pairs, config, seed, progress } = run.input;
  const { bootstrap: options } = config;
  if (options === null || t === 1) return { pairs: [], training: [], dropped: null };
  const all = distinctPrompts(pairs);
  const keepOwn = wantedPairs(options, pairs.length);
  const order = drawPrompts({ prompts: all, seed }, t, promptsNeeded(options, keepOwn));
  const prompts = order.map((i) => all[i] as Int32Array);
  const responses = await run.respond(t, prompts);
  const groups = responseGroups(prompts, responses);
  const name = `responses-${t}`;
  const sft = rewardReadsReference(config.loss, config.margin) || config.reference === "sft"
    ? await run.score(0, name, groups)
    : [];
  const scored: number[][][] = [];
  for (let age = 0; age < weights.length; age++) {
    scored.push(await run.score(t - 1 - age, name, groups));
  }
  const history = scored.map((logps) => rewardsOf(config, logps, sft, groups));
  const rewards = ensembleRewards(history, weights);
  const lossReference = (config.reference === "previous" ? scored[0] : sft) ?? [];
  const judged = {
    ...{ iteration: t, prompts, order, responses, rewards, lossReference },
    emptyResponses: "dropped",
  } as const;
  const made = ownPairs(judged, keepOwn);
  checkYield({ config, keepOwn, progress }, t, made, previous);
  return made;
}
