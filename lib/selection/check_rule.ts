import { UserError } from "../errors.ts";
import { checkKeep } from "./keep_count.ts";
import { type SelectionRule, selectionRules } from "./selection_rule.ts";

/** @throws {UserError} on an unknown rule, or a share, count or threshold out of range */
export function checkSelectionRule(rule: SelectionRule): void {
  if (!selectionRules.includes(rule.rule)) {
    throw new UserError(
      `unknown selection rule "${rule.rule}"; the rules are ${selectionRules.join(", ")}`,
    );
  }
  if ("keep" in rule) checkKeep(rule.keep);
  if (rule.rule === "threshold" && !Number.isFinite(rule.tau)) {
    throw new UserError(`the margin threshold is ${rule.tau}; it must be a number`);
  }
}
