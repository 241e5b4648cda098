/**
 * The SeRA iteration with the model elsewhere: an inference server scores and responds, an external
 * trainer updates. Margins, selection and bootstrapping are those of `runSera`.
 */
import type { TokenizedPair } from "../data/preference.ts";
import { UserError } from "../errors.ts";
import { usesReference } from "../losses/loss_config.ts";
import { ensembleRewards, ensembleWeights } from "../margins/ensemble.ts";
import { implicitRewards } from "../margins/implicit_reward.ts";
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import type { Response } from "../policy/generate.ts";
import type { PromptGroup } from "../policy/packing.ts";
import { createPrng } from "../random/prng.ts";
import { roundShare, shareOf } from "../round_share.ts";
import { bootstrapPairs, type BootstrapResult } from "../selection/bootstrap_pairs.ts";
import { selectPairs } from "../selection/select.ts";
import { drawPrompts } from "../sera/bootstrap.ts";
import type { BootstrapConfig, SeraConfig } from "../sera/config.ts";
import { type BothLogps, type BothSides, bySide, pairRewards } from "../sera/pair_logps.ts";
import { trainingPairs } from "../sera/select_pairs.ts";
import { groupOf, type TrainingPair } from "../training/update.ts";

/** Where models live. Checkpoints are named by iteration; 0 is the SFT model. */
export interface ExternalModels {
  /** Log-probabilities of groups under some checkpoints, and responses of the last of them. */
  score(checkpoint: number, name: string, groups: readonly PromptGroup[]): Promise<Float64Array[]>;
  respond(
    checkpoint: number,
    name: string,
    prompts: readonly Int32Array[],
    options: BootstrapConfig,
  ): Promise<Response[][]>;
  /** Makes checkpoint t of checkpoint `start`, by the pairs. */
  train(t: number, start: number, pairs: readonly TrainingPair[]): Promise<void>;
}

/** What a run starts from. */
export interface ExternalInput {
  readonly pairs: readonly TokenizedPair[];
  readonly config: SeraConfig;
  readonly seed: number;
  readonly models: ExternalModels;
  /** Called after each iteration. */
  readonly onIteration?: (iteration: ExternalIteration) => void;
}

/** One iteration. */
export interface ExternalIteration {
  /** From 1. */
  readonly iteration: number;
  readonly margins: readonly number[] | null;
  readonly selected: readonly number[];
  readonly swapped: readonly number[];
  readonly bootstrapped: number;
  readonly dropped: BootstrapResult["dropped"] | null;
}

/**
 * Runs T iterations.
 *
 * @throws {UserError} on what a server or trainer does wrong, a rule that needs known flips, or
 * cross-fitting, which needs the model in this process
 */
export async function runExternal(input: ExternalInput): Promise<ExternalIteration[]> {
  const { pairs, config, seed, models } = input;
  if (config.crossFit !== null) throw new UserError("cross-fitting does not go with --trainer");
  const flipped = pairs.map((pair) => pair.flipped === true);
  const groups = pairs.map(groupOf);
  const logpsUnder = async (checkpoint: number): Promise<BothLogps> =>
    bySide(await models.score(checkpoint, "offline", groups));
  const sftLogps = await logpsUnder(0);
  /** Of the offline pairs by past policy, newest first. */
  const rewards: BothSides[] = [];
  const iterations: ExternalIteration[] = [];
  for (let t = 1; t <= config.iterations; t++) {
    // 1. Self-review.
    const weights = t === 1 ? [] : ensembleWeights(t - 1, config.ensemble);
    let currentLogps = sftLogps;
    let margins: Float64Array | null = null;
    if (t > 1) {
      currentLogps = await logpsUnder(t - 1);
      rewards.unshift(pairRewards(config, pairs, currentLogps, sftLogps));
      margins = implicitRewardMargins(
        ensembleRewards(rewards.map(({ chosen }) => chosen), weights),
        ensembleRewards(rewards.map(({ rejected }) => rejected), weights),
      );
    }
    // 2. Selection.
    const selection = selectPairs(
      margins === null ? { rule: "all" } : config.selection,
      margins ?? new Float64Array(pairs.length),
      { prng: createPrng(seed, "select", t), flipped },
    );
    const reference = config.reference === "previous" ? currentLogps : sftLogps;
    const offline = trainingPairs(pairs, selection, reference);
    // 3. Preference bootstrapping.
    const own = config.bootstrap === null || t === 1
      ? { training: [], dropped: null }
      : await bootstrap(config.bootstrap, input, t, weights);
    // 4. The update.
    const training = [...offline, ...own.training];
    if (training.length === 0) throw new UserError(`iteration ${t}: no pair is left to train on`);
    await models.train(t, config.initial === "sft" ? 0 : t - 1, training);
    const iteration = {
      ...{ iteration: t, margins: margins && [...margins], selected: selection.indices },
      ...{ swapped: selection.swapped, bootstrapped: own.training.length, dropped: own.dropped },
    };
    iterations.push(iteration);
    input.onIteration?.(iteration);
  }
  return iterations;
}

async function bootstrap(
  options: BootstrapConfig,
  { pairs, config, seed, models }: ExternalInput,
  t: number,
  weights: readonly number[],
): Promise<{ training: TrainingPair[]; dropped: BootstrapResult["dropped"] }> {
  const all = [...new Map(pairs.map(({ promptIds }) => [promptIds.join(), promptIds])).values()];
  const keep = Math.max(1, roundShare(options.share, pairs.length));
  const drawn = drawPrompts(
    { prompts: all, seed },
    t,
    Math.ceil(shareOf(options.promptFactor, keep)),
  );
  const prompts = drawn.map((i) => all[i] as Int32Array);
  const responses = await models.respond(t - 1, `responses-${t}`, prompts, options);
  const groups = prompts.map((promptIds, p): PromptGroup => ({
    promptIds,
    completions: responses[p]?.map(({ ids }) => ids) ?? [],
  }));
  const lengths = Float64Array.from(
    groups.flatMap(({ completions }) => completions.map((ids) => ids.length)),
  );
  const flat = (logps: readonly Float64Array[]) =>
    Float64Array.from(logps.flatMap((list) => [...list]));
  const sft = usesReference(config.loss) || config.reference === "sft"
    ? await models.score(0, `responses-${t}`, groups)
    : [];
  const scored: Float64Array[][] = [];
  for (let age = 0; age < weights.length; age++) {
    scored.push(await models.score(t - 1 - age, `responses-${t}`, groups));
  }
  const rewards = ensembleRewards(
    scored.map((logps) => implicitRewards(config.loss, flat(logps), flat(sft), lengths)),
    weights,
  );
  let at = 0;
  const candidates = responses.map((list) =>
    list.map(({ ids, finished }) => ({
      ...{ tokenIds: ids, truncated: !finished, reward: rewards[at++] as number },
    }))
  );
  const made = bootstrapPairs(candidates, { count: keep });
  const reference = config.reference === "previous" ? scored[0] : sft;
  return {
    dropped: made.dropped,
    training: made.pairs.map((
      { promptIndex, chosenIndex, rejectedIndex, chosenIds, rejectedIds },
    ) => ({
      ...{ id: `generated-${t}-${promptIndex}`, promptIds: prompts[promptIndex] as Int32Array },
      ...{ chosenIds, rejectedIds },
      referenceChosenLogp: reference?.[promptIndex]?.[chosenIndex] as number,
      referenceRejectedLogp: reference?.[promptIndex]?.[rejectedIndex] as number,
    })),
  };
}
