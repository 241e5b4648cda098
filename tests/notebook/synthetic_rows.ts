import { createPrng } from "../../lib/random/prng.ts";
import { type MetricName, studyMetrics } from "../../lib/study/study_metrics.ts";
import { type StudyRow } from "../../lib/study/study_rows.ts";
import type { PresetName } from "../../experiments/studies/settings.ts";
import { planStudy, type Study } from "../../experiments/studies/study.ts";

/** Rows of a study with made-up numbers, for drawing only: no result is read from them. */
export function syntheticRows(study: Study, preset: PresetName): StudyRow[] {
  return planStudy(study, preset).flatMap(({ spec, ...cell }) => {
    const prng = createPrng(cell.seed, cell.study, cell.arm, cell.condition);
    const { iterations } = spec.method;
    return Array.from({ length: iterations + 1 }, (_, iteration): StudyRow => ({
      ...cell,
      iteration,
      last: iteration === iterations,
      metrics: Object.fromEntries(
        (Object.keys(studyMetrics) as MetricName[]).map((metric) => [
          metric,
          iteration < 2 && /onPolicy|jaccard/.test(metric)
            ? null
            : 0.2 + cell.arm.length * 0.01 + 0.1 * iteration + 0.1 * prng.uniform(),
        ]),
      ),
      warnings: [],
    }));
  });
}
