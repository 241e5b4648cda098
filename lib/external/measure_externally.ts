import { learningMetrics } from "../metrics/learning_metrics.ts";
import type { MetricValues } from "../metrics/metrics.ts";
import { bootstrapMetrics, selectionMetrics } from "../metrics/selection_metrics.ts";
import { keepOrder } from "../selection/keep_order.ts";
import type { IterationFacts } from "../sera/measure.ts";
import { bySide, configuredLoss, pairLogps } from "../sera/pair_logps.ts";
import { groupOf } from "../training/update.ts";
import type { ExternalRun } from "./external_run.ts";

/**
 * Measures checkpoint t, and what the iteration selected and generated: what `measureIteration`
 * measures but for samples, which would have to be generated.
 *
 * @param stepLosses mean loss of each optimiser step that the trainer told of
 */
export async function measureExternally(
  run: ExternalRun,
  { iteration: t, review: { margins, scores }, selection, generated, previous }: IterationFacts,
  stepLosses: readonly number[],
): Promise<MetricValues> {
  const { pairs, heldOut, config } = run.input;
  const heldOutUnder = async (checkpoint: number) =>
    bySide(await run.score(checkpoint, "held-out", heldOut.map(groupOf), "evaluation"));
  const logps = heldOut.length === 0
    ? undefined
    : pairLogps(heldOut, await heldOutUnder(t), await heldOutUnder(0));
  const values = margins && Float64Array.from(margins);
  return {
    ...learningMetrics(stepLosses, logps && { ...logps, ...configuredLoss(config, logps) }),
    ...selectionMetrics({
      ...{ pairs, margins, selected: selection.indices, swapped: selection.swapped.length },
      order: values && keepOrder(config.selection, values, scores ?? undefined),
      previous: previous?.margins == null ? null : previous.selected,
    }),
    ...bootstrapMetrics(generated),
  };
}
