/** Which of a study's runs a notebook rests on. */
import { UserError } from "../errors.ts";
import type { PlannedCell } from "../study/plan.ts";
import type { StudyResults } from "../study/open_study.ts";
import { partedSeeds, partedText } from "../study/parted_seeds.ts";

/** The parameter that has a notebook analyse the records of one's own runs. */
const OWN = 'records = "../.cache/reproduce/records"';

/**
 * Markdown: that every planned run has a record, or which have none (by arm and condition) and the
 * command that does these alone; and which seeds are not paired, if any.
 *
 * @throws {UserError} where no run is planned or has a record: there is nothing to analyse
 */
export function runsText(
  { study: { id }, plan, records, missing }: Pick<
    StudyResults,
    "study" | "plan" | "records" | "missing"
  >,
  preset = "full",
): string {
  if (plan.length === 0) {
    throw new UserError(`no run of study "${id}" is in the preset "${preset}" as it was asked for`);
  }
  const parted = partedText(partedSeeds(plan, records));
  const warning = parted === "" ? "" : `\n\n**Beware**: ${parted}.`;
  if (missing.length === 0) {
    const all = plan.length === 1 ? "The one run" : `All ${plan.length} runs`;
    const have = plan.length === 1 ? "has" : "have";
    return `${all} of the preset \`${preset}\` ${have} a record.${warning}`;
  }
  const command = `deno task reproduce ${id} --preset ${preset} --reuse`;
  if (missing.length === plan.length) {
    throw new UserError(
      `none of the ${plan.length} runs of study "${id}", preset "${preset}", has a record in this ` +
        `folder: "${command}" does those that are not published, and ${OWN} shows them`,
    );
  }
  const planned = Map.groupBy(plan, (run) => run.condition);
  const lines = [...Map.groupBy(missing, (run) => run.condition)].map(([condition, runs]) => {
    const all = runs.length === planned.get(condition)?.length;
    return `${runs[0]?.conditionLabel}: ${all ? "all arms" : armsText(runs)}`;
  });
  return `**${missing.length} of ${plan.length} runs of the preset \`${preset}\` have no record ` +
    `yet**, and what follows rests on the others. Missing are ${lines.join("; ")}. ` +
    `\`${command}\` does them alone, and \`${OWN}\` shows all.${warning}`;
}

/** "SeRA (10 seeds), DPO (1 seed)". */
function armsText(runs: readonly PlannedCell[]): string {
  return [...Map.groupBy(runs, (run) => run.armLabel)].map(([arm, seeds]) =>
    `${arm} (${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"})`
  ).join(", ");
}
