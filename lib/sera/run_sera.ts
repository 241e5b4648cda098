/**
 * The SeRA iteration (arXiv 2410.09362), top to bottom.
 *
 * [P] stated publicly for the paper; [I] our reading, and a field of `SeraConfig`.
 */
import type { TokenizedPair } from "../data/preference.ts";
import { UserError } from "../errors.ts";
import { ensembleWeights } from "../margins/ensemble.ts";
import { createPrng } from "../random/prng.ts";
import { selectPairs } from "../selection/select.ts";
import { usesMargins } from "../selection/selection_rule.ts";
import type { TrainingPair } from "../training/update.ts";
import { bootstrap } from "./bootstrap.ts";
import { checkYield } from "./bootstrap_yield.ts";
import type { TrainedOn } from "./cross_fit.ts";
import { measureIteration, measureSft } from "./measure.ts";
import type { BothLogps } from "./pair_logps.ts";
import { prepareRun } from "./prepare_run.ts";
import { RewardHistory } from "./review.ts";
import type { SeraInput, SeraIteration, SeraRun } from "./types.ts";
import { update } from "./update_policy.ts";

/**
 * Runs T iterations; `input.policy` ends as pi_T. Shares of the config (pairs kept, own pairs) are
 * of the offline pairs.
 *
 * @throws {UserError} on a config that cannot be run, a loss that stops being finite, or no pair to
 * train on; what the store has kept stays good
 */
export async function runSera(input: SeraInput): Promise<SeraRun> {
  const run = await prepareRun(input);
  const { config, seed, policy, reference, pairs, prompts, scorer, clock, progress } = run;

  const sftLogps = await scorer.pairs("sft-offline", reference, pairs);
  const history = new RewardHistory(config, pairs, sftLogps);
  let { samples, ...measured } = await measureSft(run);
  const iterations: SeraIteration[] = [];
  let trained: TrainedOn | undefined;

  progress.phase("iteration", config.iterations);
  for (let t = 1; t <= config.iterations; t++) {
    // 1. Self-review: the margins of all offline pairs under the ensemble of past policies [P].
    //    At t = 1 the policy is the reference and every margin is 0: all pairs are used [P].
    //    Cross-fitted, a pair is scored by a shadow of the policy that never saw it.
    const weights = t === 1 ? [] : ensembleWeights(t - 1, config.ensemble);
    let currentLogps = sftLogps;
    let margins: Float64Array | null = null;
    if (trained !== undefined) {
      // Where neither selection nor loss reads the log-probabilities, they serve measurement alone.
      const needed = usesMargins(config.selection) || config.reference === "previous";
      const phase = needed ? "scoring" : "evaluation";
      currentLogps = run.crossFit === undefined
        ? await scorer.pairs(`policy-${t - 1}-offline`, policy, pairs, phase)
        : await run.crossFit(t - 1, trained, phase);
      history.add(currentLogps);
      margins = history.margins(weights);
    }

    // 2. Selection: the offline pairs with the largest margins [P], or a control's rule.
    const { indices: selected, swapped } = selectPairs(
      margins === null ? { rule: "all" } : config.selection,
      margins ?? new Float64Array(pairs.length),
      {
        prng: createPrng(seed, "select", t),
        ...(run.flipped === undefined ? {} : { flipped: run.flipped }),
      },
    );
    //    The loss's reference: the SFT model, or the previous policy [I].
    const lossReference = config.reference === "previous" ? currentLogps : sftLogps;
    const offline = selected.map((i) => trainingPair(pairs, i, lossReference, swapped));

    // 3. Preference bootstrapping: the policy responds, the ensemble ranks, best against worst [P/I].
    const own = config.bootstrap === null || t === 1
      ? { pairs: [], dropped: null }
      : await bootstrap(config.bootstrap, {
        ...run,
        keep: run.keepOwn,
        prompts,
        weights,
        iteration: t,
      });
    checkYield(run, t, own, iterations.at(-1));

    // 4. The direct alignment update [P], from the previous policy or from the SFT model [I].
    trained = { selected, offline, generated: own.pairs };
    if (offline.length + own.pairs.length === 0) {
      throw new UserError(
        `iteration ${t}: no pair is left to train on; ` +
          (t === 1 ? "give some pairs" : "let the selection keep more, or bootstrap"),
      );
    }
    await update(run, [...offline, ...own.pairs], t);

    // 5. Measurement on pairs and prompts that were never trained on.
    ({ samples, ...measured } = await measureIteration(run, {
      ...{ iteration: t, margins, selected, swapped, generated: own.pairs, sft: measured.sft },
      previous: t > 2 ? iterations.at(-1)?.selected ?? null : null,
    }));
    iterations.push({
      iteration: t,
      margins: margins && [...margins],
      selected,
      swapped,
      generated: own.pairs.map(({ referenceChosenLogp: _c, referenceRejectedLogp: _r, ...pair }) =>
        pair
      ),
      dropped: own.dropped,
      metrics: measured.metrics,
      seconds: clock.lap(),
    });
    progress.advance(1);
  }
  progress.done();
  return { sft: measured.sft.metrics, iterations, samples };
}

/** Pair i as the update sees it: with the reference's log-probabilities, swapped if so decided. */
function trainingPair(
  pairs: readonly TokenizedPair[],
  i: number,
  { chosen, rejected }: BothLogps,
  swapped: readonly number[],
): TrainingPair {
  const pair = pairs[i] as TokenizedPair;
  const [referenceChosenLogp, referenceRejectedLogp] = [chosen[i] as number, rejected[i] as number];
  if (!swapped.includes(i)) return { ...pair, referenceChosenLogp, referenceRejectedLogp };
  return {
    ...pair,
    chosenIds: pair.rejectedIds,
    rejectedIds: pair.chosenIds,
    referenceChosenLogp: referenceRejectedLogp,
    referenceRejectedLogp: referenceChosenLogp,
    ...(pair.flipped === undefined ? {} : { flipped: !pair.flipped }),
  };
}
