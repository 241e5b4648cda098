import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import type { PreferenceFileSetting } from "../../../lib/environments/preference_file/setting.ts";
import type { MetricValues } from "../../../lib/metrics/metrics.ts";
import type { SeraConfig } from "../../../lib/sera/config.ts";
import { wantedPairs } from "../../../lib/sera/bootstrap_yield.ts";
import { promptsNeeded } from "../../../lib/sera/prompts_needed.ts";

/** What a run works on. */
export type RunSize = Pick<OpenedPreferences, "pairs" | "heldOut"> & {
  readonly setting: PreferenceFileSetting;
  readonly sera: SeraConfig;
};

/**
 * Seconds of a run, scaled from a short one of the same model: times per optimiser step, per sequence
 * scored, per response and per measured sequence (as one scored, where the short run held nothing
 * out). Responses of longer pairs and longer runs of a
 * policy that learns to stop differ: it is an estimate.
 *
 * @param probed the times of the probe's second iteration
 */
export function scaledSeconds(run: RunSize, probe: RunSize, probed: MetricValues): number {
  const [ours, theirs] = [work(run), work(probe)];
  const per = (seconds: number | null | undefined, count: number) =>
    count === 0 ? 0 : (seconds ?? 0) / count;
  const { iterations: T, crossFit } = run.sera;
  const updates = 1 + (crossFit ?? 0);
  const later = T - 1;
  const scoring = per(probed.scoringSeconds, theirs.scored);
  const measuring = theirs.measured === 0
    ? scoring
    : per(probed.evaluationSeconds, theirs.measured);
  return T * updates * ours.steps * per(probed.updateSeconds, theirs.steps) +
    (later * updates * ours.scored + 2 * run.pairs.length) * scoring +
    later * ours.responses * per(probed.generationSeconds, theirs.responses) +
    (T + 1) * ours.measured * measuring;
}

/** What one iteration after the first does. */
function work({ pairs, heldOut, setting, sera: { bootstrap, steps, batch } }: RunSize) {
  const responses = bootstrap === null
    ? 0
    : promptsNeeded(bootstrap, wantedPairs(bootstrap, pairs.length)) *
      bootstrap.responses;
  const prompts = new Set(heldOut.map(({ promptIds }) => promptIds.join())).size;
  return {
    responses,
    steps: steps ?? Math.ceil(pairs.length / batch),
    // Responses are scored by the reference and by the policies of the ensemble.
    scored: 2 * pairs.length + 3 * responses,
    measured: 2 * heldOut.length +
      Math.min(prompts, setting.evaluationPrompts) * setting.samplesPerPrompt,
  };
}
