import { UsageError } from "../../../lib/cli/usage_error.ts";
import { checkSelectionRule } from "../../../lib/selection/check_rule.ts";
import { ruleFields } from "../../../lib/selection/rule_fields.ts";
import { rankedBy, type SelectionRule } from "../../../lib/selection/selection_rule.ts";
import type { SelectOptions } from "./options.ts";

/** The options that are fields of rules. */
type RuleOptions = Pick<
  SelectOptions,
  "rule" | "keep" | "count" | "tau" | "by" | "order" | "voters" | "validation"
>;

/**
 * The rule that the options name.
 *
 * @param given keys of the options that the user gave
 * @throws {UsageError} on an option that does not belong to the rule, and on votes without voters
 */
export function ruleOf(options: RuleOptions, given: ReadonlySet<string>): SelectionRule {
  const { rule, keep, count, tau, by, order, voters } = options;
  if (count !== undefined && given.has("keep")) {
    throw new UsageError("--keep and --count both say how many: leave one of them out");
  }
  const known: readonly string[] = ruleFields[rule];
  for (const key of ["keep", "count", "tau", "by", "order"]) {
    if (!given.has(key) || known.includes(key === "count" ? "keep" : key)) continue;
    throw new UsageError(`--${key} has no effect with --rule ${rule}: leave one of them out`);
  }
  const fields = {
    ...{ keep: count === undefined ? keep : { count }, tau },
    ...(by === "implicit" ? {} : { by }),
    ...(order === "margin" ? {} : { order }),
  };
  const chosen = Object.entries(fields).filter(([field]) => known.includes(field));
  const made = { rule, ...Object.fromEntries(chosen) } as SelectionRule;
  checkSelectionRule(made);
  const ranked = rankedBy(made);
  if (ranked === "votes" && voters.length === 0) {
    throw new UsageError(
      "--by votes needs --voters FILE...: the pairs scored by each voter; " +
        "`deno task score --model VOTER --data PAIRS` writes one",
    );
  }
  for (
    const [key, score, need] of [
      ["voters", "votes", "--by votes"],
      ["validation", "lossdiff-irm", "--rule lossdiff-irm"],
    ] as const
  ) {
    if (!given.has(key) || ranked === score) continue;
    throw new UsageError(`--${key} has no effect without ${need}: leave it out`);
  }
  return made;
}
