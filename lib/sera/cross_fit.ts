import type { TokenizedPair } from "../data/preference.ts";
import { messageOf, UserError } from "../errors.ts";
import type { LanguageModel, Snapshot } from "../policy/language_model.ts";
import type { ProgressSink } from "../progress/progress_sink.ts";
import { createPrng } from "../random/prng.ts";
import { assembleFolds, assignFolds, heldOutItems, trainingItems } from "../selection/cross_fit.ts";
import { rankedBy } from "../selection/selection_rule.ts";
import { type BothSides, bySide } from "./pair_logps.ts";
import type { Phase, PhaseClock } from "./phase_clock.ts";
import type { ResolvedConfig } from "./config.ts";
import type { Scorer } from "./scorer.ts";
import type { SeraStore } from "./store.ts";
import { trainIteration } from "./train_iteration.ts";
import { groupOf, type TrainingPair } from "../training/update.ts";

/** What an iteration trained the policy on. */
export interface TrainedOn {
  /** Offline pairs, by index. */
  readonly selected: readonly number[];
  /** The same pairs as the update saw them. */
  readonly offline: readonly TrainingPair[];
  readonly generated: readonly TrainingPair[];
}

/** Log-probabilities of the offline pairs under the shadows. */
export interface CrossFitted {
  /** Of each pair under its own shadow, which never saw it. */
  readonly heldOut: BothSides;
  /** Of all pairs under each shadow, where a rule lets them vote; else none. */
  readonly byShadow: readonly BothSides[];
}

/**
 * Gives the shadows an iteration's update, then scores every offline pair by its own shadow, or by
 * all of them where they vote.
 *
 * Call for iterations 1, 2, ... in turn, after the policy's update.
 * @param phase what the shadows' time is charged to: they serve the margins alone
 */
export type CrossFitter = (
  iteration: number,
  trained: TrainedOn,
  phase: Phase,
) => Promise<CrossFitted>;

/** What shadows are made with. */
export interface CrossFitInput {
  /** Lent to the shadows during a call; its weights are put back. */
  readonly policy: LanguageModel;
  /** The SFT model, frozen. */
  readonly reference: LanguageModel;
  /** The SFT model's weights, where shadows start. */
  readonly sft: Snapshot;
  readonly pairs: readonly TokenizedPair[];
  readonly config: ResolvedConfig;
  readonly seed: number;
  readonly store: SeraStore;
  readonly clock: PhaseClock;
  readonly scorer: Scorer;
  readonly progress: ProgressSink;
}

/**
 * Cross-fitted margins (no part of the paper): a policy that was trained on a pair prefers the
 * pair's label, right or wrong, because it has seen it. So the pairs are split into K folds by
 * prompt, and each fold has a shadow: a policy that takes part in every iteration with as many
 * steps and pairs a step, in a batch order of its own, but without the offline pairs of its fold.
 *
 * At t = 2 a pair's margin is independent of its label. Later a trace is left: other pairs, and the
 * labels of the policy's own responses, were chosen with help of models that saw the pair.
 *
 * Costs K updates more an iteration but the last.
 *
 * @throws {UserError} for fewer than two folds, or fewer prompts than folds
 */
export function crossFitter(folds: number, input: CrossFitInput): CrossFitter {
  const { policy, reference, sft, pairs, config, seed, store, clock, scorer, progress } = input;
  const foldOf = assignFolds(promptNumbers(pairs), folds, createPrng(seed, "folds"));
  const vote = rankedBy(config.selection) === "votes";

  /** Leaves `policy` as the shadow that has had this iteration's update. */
  async function updateShadow(
    fold: number,
    iteration: number,
    trained: TrainedOn,
    phase: Phase,
  ): Promise<void> {
    const own = store.within(`fold-${fold}`);
    const ended = await own.policy(iteration);
    if (ended !== undefined) return policy.restore(ended);
    const start = iteration === 1 || config.initial === "sft"
      ? sft
      : await own.policy(iteration - 1);
    const seen = new Set(trainingItems(foldOf, fold));
    const training = [
      ...trained.offline.filter((_, i) => seen.has(trained.selected[i] as number)),
      ...trained.generated,
    ];
    const where = `fold ${fold + 1} of ${folds}`;
    if (start === undefined) {
      throw new UserError(
        `${where}: the policy of iteration ${iteration - 1} is gone: run it again`,
      );
    }
    if (training.length === 0) {
      throw new UserError(
        `${where}, iteration ${iteration}: no pair is left to train on; ` +
          "let the selection keep more, or cross-fit with other folds",
      );
    }
    policy.restore(start);
    try {
      await trainIteration(policy, training, config, {
        iteration,
        seed: createPrng(seed, "fold", fold).seed32(),
        store: own,
        progress,
        phase: `update ${where}`,
        reference: (groups) =>
          scorer.groups(`fold-${fold}-${iteration}-mismatched`, reference, groups, phase),
      });
    } catch (error) {
      throw error instanceof UserError ? new UserError(`${where}: ${messageOf(error)}`) : error;
    }
    await own.savePolicy(iteration, await policy.snapshot());
  }

  return async (iteration, trained, phase) => {
    const current = await policy.snapshot();
    const byFold: number[][][] = [];
    const byShadow: BothSides[] = [];
    for (let fold = 0; fold < folds; fold++) {
      await updateShadow(fold, iteration, trained, phase);
      const rows = await store.within(`fold-${fold}`).rows(iteration);
      clock.charge(phase, rows.reduce((sum, row) => sum + row.seconds, 0));
      const own = heldOutItems(foldOf, fold);
      const name = `fold-${fold}-${iteration}-${vote ? "all" : "offline"}`;
      const scored = vote ? pairs : own.map((i) => pairs[i] as TokenizedPair);
      const logps = await scorer.groups(name, policy, scored.map(groupOf), phase);
      byFold.push(vote ? own.map((i) => logps[i] as number[]) : logps);
      if (vote) byShadow.push(bySide(logps));
    }
    policy.restore(current);
    return { heldOut: bySide(assembleFolds(foldOf, byFold)), byShadow };
  };
}

/** For each pair the number of its prompt, counted by first appearance. */
function promptNumbers(pairs: readonly TokenizedPair[]): number[] {
  const known = new Map<string, number>();
  return pairs.map(({ promptIds }) => {
    const prompt = promptIds.join(" ");
    const number = known.get(prompt) ?? known.size;
    known.set(prompt, number);
    return number;
  });
}
