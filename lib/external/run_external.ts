/**
 * The SeRA iteration with the model elsewhere: an inference server scores and responds, an external
 * trainer updates. Margins, selection and bootstrapping are those of `runSera`.
 */
import { flipsKnown } from "../data/label_noise.ts";
import { UserError } from "../errors.ts";
import { ensembleRewards, ensembleWeights } from "../margins/ensemble.ts";
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import { selectPairs } from "../selection/select.ts";
import { rankedBy } from "../selection/selection_rule.ts";
import { type BothSides, bySide, lengthsOf, pairRewards } from "../sera/pair_logps.ts";
import { selectionPrng, trainingPairs } from "../sera/select_pairs.ts";
import type { StepRow } from "../sera/store.ts";
import type { SeraIteration, SeraRun } from "../sera/types.ts";
import { groupOf } from "../training/update.ts";
import { bootstrapExternally } from "./bootstrap_externally.ts";
import { type ExternalInput, ExternalRun } from "./external_run.ts";
import { measureExternally } from "./measure_externally.ts";
import { refuseInProcess } from "./refuse_in_process.ts";

/** What a run with models elsewhere gives: as `runSera`, and the steps that trainers told of. */
export interface ExternalResult extends Pick<SeraRun, "sft" | "iterations"> {
  readonly steps: readonly StepRow[];
}

/**
 * Runs T iterations.
 *
 * @throws {UserError} on what a server or trainer does wrong, a rule that needs known flips, or what
 * needs the model in this process (see `refuseInProcess`)
 */
export async function runExternal(input: ExternalInput): Promise<ExternalResult> {
  const { pairs, config, seed, progress } = input;
  refuseInProcess(config);
  const run = new ExternalRun(input);
  const known = flipsKnown(pairs);
  const flipped = pairs.map((pair) => pair.flipped === true);
  if (!known && (config.selection.rule === "oracle" || config.selection.rule === "matched")) {
    throw new UserError(`the ${config.selection.rule} rule needs pairs whose flips are known`);
  }
  const scores = rankedBy(config.selection) === "chosen-length" ? lengthsOf(pairs).chosen : null;
  const groups = pairs.map(groupOf);
  const sftLogps = bySide(await run.score(0, "offline", groups));
  /** Of the offline pairs by past policy, newest first. */
  const rewards: BothSides[] = [];
  const iterations: SeraIteration[] = [];
  const steps: StepRow[] = [];
  for (let t = 1; t <= config.iterations; t++) {
    const previous = iterations.at(-1);
    // 1. Self-review.
    const weights = t === 1 ? [] : ensembleWeights(t - 1, config.ensemble);
    let lossReference: BothSides = sftLogps;
    let margins: Float64Array | null = null;
    if (t > 1) {
      const logps = bySide(await run.score(t - 1, "offline", groups));
      if (config.reference === "previous") lossReference = logps;
      rewards.unshift(pairRewards(config, pairs, logps, sftLogps));
      const ensemble = (side: keyof BothSides) =>
        ensembleRewards(rewards.map((each) => each[side]), weights);
      margins = implicitRewardMargins(ensemble("chosen"), ensemble("rejected"));
    }
    // 2. Selection.
    const selection = selectPairs(
      margins === null ? { rule: "all" } : config.selection,
      margins ?? new Float64Array(pairs.length),
      {
        prng: selectionPrng(config.selection, seed, t),
        ...(known ? { flipped } : {}),
        ...(scores === null ? {} : { scores }),
      },
    );
    const offline = trainingPairs(pairs, selection, lossReference);
    // 3. Preference bootstrapping.
    const own = await bootstrapExternally(run, t, weights, previous);
    // 4. The update.
    const training = [...offline, ...own.training];
    if (training.length === 0) throw new UserError(`iteration ${t}: no pair is left to train on`);
    const rows = await run.train(t, training);
    steps.push(...rows);
    // 5. Measurement.
    const review = { margins, scores };
    const facts = { iteration: t, review, selection, generated: own.pairs, previous };
    const metrics = await measureExternally(run, facts, rows.map(({ loss }) => loss));
    iterations.push({
      ...{ iteration: t, margins: margins && [...margins], selected: selection.indices },
      ...{ swapped: selection.swapped, generated: own.pairs, dropped: own.dropped },
      ...{ metrics, seconds: run.clock.lap() },
    });
    const { heldOutAccuracy: accuracy } = metrics;
    progress.message(
      `iteration ${t}: ${selection.indices.length} of ${pairs.length} pairs kept, ` +
        `${own.pairs.length} bootstrapped; held-out accuracy ` +
        (accuracy?.toFixed(3) ?? "not measured"),
    );
  }
  return { sft: {}, iterations, steps };
}
