import { UserError } from "../errors.ts";
import { isMetricName, metricNames } from "../metrics/metrics.ts";
import type { Claim } from "./claim.ts";
import { cellArms, type WithMatched } from "./matched.ts";

interface Named {
  readonly id: string;
}

/** The parts of a study that name each other. */
export interface StudyNames extends WithMatched {
  readonly id: string;
  readonly arms: readonly (Named & { readonly only?: readonly string[] })[];
  readonly conditions: readonly Named[];
  readonly claims: readonly Claim[];
  readonly headline?: string;
}

/**
 * Checks what a study's parts say of each other.
 *
 * @throws {UserError} on a repeated id, a name of what is not there, a claim about a cell that is
 * never run, or one without an effect and seeds
 */
export function checkStudy(study: StudyNames): void {
  const { id, arms, conditions, claims, headline, matched = [] } = study;
  const fail = (what: string) => new UserError(`study "${id}": ${what}`);
  const named = { arm: [...arms, ...matched], condition: conditions, claim: claims };
  for (const [kind, list] of Object.entries(named)) {
    const ids = list.map((each) => each.id);
    const twice = ids.find((each, i) => ids.indexOf(each) !== i);
    if (twice !== undefined) throw fail(`two ${kind}s are called "${twice}"`);
  }
  const known = (kind: string, list: readonly Named[], name: string) => {
    if (list.some((each) => each.id === name)) return;
    throw fail(`there is no ${kind} "${name}"; there are ${list.map((e) => e.id).join(", ")}`);
  };
  for (const arm of arms) arm.only?.forEach((name) => known("condition", conditions, name));
  for (const { id: name, to, among, by } of matched) {
    if (among.length === 0) throw fail(`"${name}" is matched among no arm`);
    [to, ...among].forEach((arm) => known("arm", arms, arm));
    if (isMetricName(by)) continue;
    throw fail(`there is no metric "${by}" to match "${name}" by; there are ${metricNames.join()}`);
  }
  for (const claim of claims) {
    known("condition", conditions, claim.condition);
    known("arm", named.arm, claim.arm);
    known("arm", named.arm, claim.baseline);
    const needed = cellArms(study, claim.arm, claim.baseline);
    const absent = arms.find((arm) =>
      needed.includes(arm.id) && arm.only?.includes(claim.condition) === false
    );
    if (absent !== undefined) {
      throw fail(
        `claim "${claim.id}" needs the arm "${absent.id}", which is not run in "${claim.condition}"`,
      );
    }
    if (!(claim.smallestEffect > 0)) {
      throw fail(
        `claim "${claim.id}" needs a smallest effect above 0, has ${claim.smallestEffect}`,
      );
    }
    if (!(Number.isInteger(claim.seeds) && claim.seeds > 1)) {
      throw fail(`claim "${claim.id}" needs two seeds or more, has ${claim.seeds}`);
    }
  }
  if (headline !== undefined) known("claim", claims, headline);
}
