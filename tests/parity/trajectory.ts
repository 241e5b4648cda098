/** Repeats a reference trajectory with the suite's own update. */
import { type LossSpec } from "../../lib/losses/loss_table.ts";
import { withNllAnchor } from "../../lib/losses/nll_anchor.ts";
import { pairLoss } from "../../lib/losses/pair_loss.ts";
import type { PairLogps } from "../../lib/losses/types.ts";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { AdamW, DEFAULT_ADAMW } from "../../lib/training/adamw.ts";
import {
  groupOf,
  type PolicyLogps,
  type TrainingPair,
  updateStep,
} from "../../lib/training/update.ts";
import { assertAllClose, assertClose } from "./assert_close.ts";
import type { ReferenceStep, ReferenceTrajectory } from "./references.ts";

/** What is optimised. */
export interface Objective {
  readonly loss: LossSpec;
  /** Weight of the per-token NLL anchor; 0 for none. */
  readonly alpha: number;
}

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

/** Summed log-probabilities of every pair. */
export async function pairLogps(
  model: LanguageModel,
  pairs: readonly TokenizedPair[],
): Promise<PolicyLogps> {
  const logps = await sequenceLogps(model, pairs.map(groupOf));
  return {
    chosen: Float64Array.from(logps, ([chosen]) => chosen!),
    rejected: Float64Array.from(logps, ([, rejected]) => rejected!),
  };
}

/** The pairs with the model's log-probabilities as the reference's. */
export async function withReference(
  model: LanguageModel,
  pairs: readonly TokenizedPair[],
): Promise<TrainingPair[]> {
  const { chosen, rejected } = await pairLogps(model, pairs);
  return pairs.map((pair, i) => ({
    ...pair,
    referenceChosenLogp: chosen[i]!,
    referenceRejectedLogp: rejected[i]!,
  }));
}

/** The losses of some pairs at these policy log-probabilities. */
function lossesOf(
  { loss, alpha }: Objective,
  logps: PolicyLogps,
  pairs: readonly TrainingPair[],
) {
  const terms: PairLogps = {
    policyChosenLogps: logps.chosen,
    policyRejectedLogps: logps.rejected,
    referenceChosenLogps: Float64Array.from(pairs, (pair) => pair.referenceChosenLogp),
    referenceRejectedLogps: Float64Array.from(pairs, (pair) => pair.referenceRejectedLogp),
    chosenLengths: Float64Array.from(pairs, (pair) => pair.chosenIds.length),
    rejectedLengths: Float64Array.from(pairs, (pair) => pair.rejectedIds.length),
  };
  return withNllAnchor(pairLoss(loss, terms), terms, alpha);
}

/** Steps of the suite at the trajectory's learning rates, in passes of at most `maxRows` rows. */
export async function takeSteps(
  model: LanguageModel,
  batches: readonly (readonly TrainingPair[])[],
  learningRates: readonly number[],
  objective: Objective,
  maxRows = 4096,
): Promise<ReferenceStep[]> {
  const optimiser = new AdamW(model, { ...DEFAULT_ADAMW, weightDecay: 0.01, maxGradNorm: 1 });
  const steps: ReferenceStep[] = [];
  for (const [t, learningRate] of learningRates.entries()) {
    const batch = batches[t]!;
    const total = { loss: 0, chosenLogp: 0, rejectedLogp: 0, margin: 0 };
    const gradientNorm = await updateStep(
      model,
      optimiser,
      batch,
      learningRate,
      (logps, _, pairs) => {
        const { losses, margins, chosenGrads, rejectedGrads } = lossesOf(objective, logps, pairs);
        total.loss += sum(losses) / batch.length;
        total.chosenLogp += sum(logps.chosen) / batch.length;
        total.rejectedLogp += sum(logps.rejected) / batch.length;
        total.margin += sum(margins) / batch.length;
        return {
          chosen: chosenGrads.map((grad) => grad / batch.length),
          rejected: rejectedGrads.map((grad) => grad / batch.length),
        };
      },
      { maxRows },
    );
    steps.push({ learningRate, gradientNorm, ...total });
  }
  optimiser.dispose();
  return steps;
}

/** Loss within 1e-4, gradient norm within 1e-3 relative, log-probabilities within 1e-4 relative. */
export function assertSteps(
  own: readonly ReferenceStep[],
  reference: readonly ReferenceStep[],
): void {
  for (const [t, expected] of reference.entries()) {
    const step = own[t]!;
    const at = (name: string) => `step ${t + 1}, ${name}`;
    assertClose(step.loss, expected.loss, 1e-4, at("loss"));
    const relative = step.gradientNorm / expected.gradientNorm;
    assertClose(relative, 1, 1e-3, at(`gradient norm over ${expected.gradientNorm}`));
    assertClose(step.margin, expected.margin, 1e-4, at("margin"));
    assertClose(step.chosenLogp, expected.chosenLogp, 1e-4, at("chosen log-probability"));
    assertClose(step.rejectedLogp, expected.rejectedLogp, 1e-4, at("rejected log-probability"));
  }
}

/** Log-probabilities of `pairs` after training, against the reference's. */
export async function assertFinal(
  model: LanguageModel,
  pairs: readonly TokenizedPair[],
  { chosenLogps, rejectedLogps }: ReferenceTrajectory["final"],
  absolute = 0,
): Promise<void> {
  const { chosen, rejected } = await pairLogps(model, pairs);
  assertAllClose(chosen, chosenLogps, 1e-4, "chosen log-probability after training", absolute);
  assertAllClose(
    rejected,
    rejectedLogps,
    1e-4,
    "rejected log-probability after training",
    absolute,
  );
}
