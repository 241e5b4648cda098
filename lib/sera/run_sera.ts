/**
 * The SeRA iteration (arXiv 2410.09362), top to bottom.
 *
 * [P] stated publicly for the paper; [I] our reading, and a field of `SeraConfig`.
 */
import { bootstrap } from "./bootstrap.ts";
import type { TrainedOn } from "./cross_fit.ts";
import { measureIteration, measureSft } from "./measure.ts";
import { prepareRun } from "./prepare_run.ts";
import { SelfReview } from "./review.ts";
import { selectOffline, trainingPairs } from "./select_pairs.ts";
import type { SeraInput, SeraIteration, SeraRun } from "./types.ts";
import { update } from "./update_policy.ts";

/**
 * Runs T iterations; `input.policy` ends as pi_T. Shares of the config (pairs kept, own pairs) are
 * of the offline pairs.
 *
 * @throws {UserError} on a config that cannot be run, a loss that stops being finite, no pair to
 * train on, or bootstrapping that gives none twice; what the store has kept stays good
 */
export async function runSera(input: SeraInput): Promise<SeraRun> {
  const run = await prepareRun(input);
  const selfReview = await SelfReview.open(run);
  const sft = await measureSft(run);
  const iterations: SeraIteration[] = [];
  let samples = sft;
  let trained: TrainedOn | undefined;

  run.progress.phase("iteration", run.config.iterations);
  for (let t = 1; t <= run.config.iterations; t++) {
    const previous = iterations.at(-1);

    // 1. Self-review: the margins of all offline pairs under the ensemble of past policies [P].
    //    At t = 1 the policy is the reference and every margin is 0: all pairs are used [P].
    //    Cross-fitted, a pair is scored by a shadow of the policy that never saw it.
    const review = await selfReview.before(t, trained);
    const { margins, weights, lossReference } = review;

    // 2. Selection: the offline pairs with the largest margins [P], or a rival's or control's rule.
    const selection = selectOffline(run, review, t);
    const offline = trainingPairs(run.pairs, selection, lossReference);

    // 3. Preference bootstrapping: the policy responds, the ensemble ranks, best against worst [P/I].
    const own = await bootstrap(run, t, weights, previous);

    // 4. The direct alignment update [P], from the previous policy or from the SFT model [I].
    trained = { selected: selection.indices, offline, generated: own.training };
    await update(run, [...offline, ...own.training], t);

    // 5. Measurement on pairs and prompts that were never trained on.
    const facts = { iteration: t, review, selection, generated: own.pairs, previous };
    const measured = await measureIteration(run, facts, sft);
    samples = measured.samples;
    iterations.push({
      iteration: t,
      margins: margins && [...margins],
      selected: selection.indices,
      swapped: selection.swapped,
      generated: own.pairs,
      dropped: own.dropped,
      metrics: measured.metrics,
      seconds: run.clock.lap(),
    });
    run.progress.advance(1);
  }
  run.progress.done();
  return { sft: sft.metrics, iterations, samples };
}
