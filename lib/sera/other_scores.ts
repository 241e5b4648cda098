import { lossDifferences } from "../losses/loss_differences.ts";
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import { alignmentPotential } from "../selection/alignment_potential.ts";
import { centralBands } from "../selection/central_bands.ts";
import { rankedBy } from "../selection/selection_rule.ts";
import { voteScores } from "../selection/vote_scores.ts";
import type { CrossFitted } from "./cross_fit.ts";
import { type BothSides, lengthsOf, pairLogps, pairRewards } from "./pair_logps.ts";
import type { PreparedRun } from "./prepare_run.ts";

/** What scores are made of. */
export interface ScoreInput {
  /** The iteration that begins. */
  readonly t: number;
  /** Ensemble margins of the offline pairs. */
  readonly margins: Float64Array;
  /** What cross-fitting gave; undefined without it. */
  readonly fitted: CrossFitted | undefined;
  /** The offline pairs under the SFT model. */
  readonly sft: BothSides;
}

/**
 * What the configured rule ranks the offline pairs by, where that is not the implicit margin.
 *
 * @returns null for rules that rank by the margin or by nothing
 * @throws {RangeError} where the run has no folds or no reward model, and the rule needs them
 */
export async function otherScores(
  run: PreparedRun,
  { t, margins, fitted, sft }: ScoreInput,
): Promise<Float64Array | null> {
  const by = rankedBy(run.config.selection);
  switch (by) {
    case null:
    case "implicit":
      return null;
    case "explicit":
      return await explicitMargins(run);
    case "explicit-minus-implicit":
      return alignmentPotential(await explicitMargins(run), margins);
    case "votes":
      return voteScores(
        needed(by, fitted).byShadow.map((logps) => marginsOf(run, logps, sft)),
      );
    case "chosen-length":
      return lengthsOf(run.pairs).chosen;
    case "lossdiff-irm":
      return await lossDiffIrm(run, t, needed(by, fitted).heldOut, sft);
    default:
      throw new RangeError(`unknown score "${by satisfies never}"`);
  }
}

async function explicitMargins({ rewardModel }: PreparedRun): Promise<Float64Array> {
  const { chosen, rejected } = await needed("explicit", rewardModel).pairs();
  return implicitRewardMargins(chosen, rejected);
}

/**
 * LossDiff-IRM (arXiv 2510.13212) of the newest policy, which has seen the pairs: the paper's
 * loss(pi; d) - loss(pi_val; d), and its implicit reward margin of d.
 *
 * Our reading: pi_val, in the paper a model trained on a validation set, is for each pair the shadow
 * that was trained on the other folds of the offline pairs; held-out pairs are for measurement.
 */
async function lossDiffIrm(
  run: PreparedRun,
  t: number,
  heldOut: BothSides,
  sft: BothSides,
): Promise<Float64Array> {
  const { config, pairs, policy, scorer } = run;
  const own = await scorer.pairs(`policy-${t - 1}-offline`, policy, pairs);
  const logpsUnder = (logps: BothSides) => pairLogps(pairs, logps, sft);
  return centralBands(
    lossDifferences(config.loss, logpsUnder(own), logpsUnder(heldOut)),
    marginsOf(run, own, sft),
  );
}

function marginsOf(
  { config, pairs }: PreparedRun,
  logps: BothSides,
  sft: BothSides,
): Float64Array {
  const { chosen, rejected } = pairRewards(config, pairs, logps, sft);
  return implicitRewardMargins(chosen, rejected);
}

function needed<T>(score: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new RangeError(`the score "${score}" needs folds or a reward model: check the config`);
}
