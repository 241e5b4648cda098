import { UserError } from "../errors.ts";
import { checkKeep } from "./keep_count.ts";
import { ruleFields } from "./rule_fields.ts";
import { type Keep, scoreNames, type SelectionRule, selectionRules } from "./selection_rule.ts";

/** Values of fields that are a choice; each may be left out. */
const choices: Readonly<Record<string, readonly unknown[]>> = {
  by: scoreNames,
  order: ["margin", "random"],
  truth: ["flip", "gold"],
  fill: [true, false],
  fixed: [true, false],
};

/** @throws {UserError} on an unknown rule or field, or a value that a field does not accept */
export function checkSelectionRule(rule: SelectionRule): void {
  if (!selectionRules.includes(rule.rule)) {
    throw new UserError(
      `unknown selection rule "${rule.rule}"; the rules are ${selectionRules.join(", ")}`,
    );
  }
  const known: readonly string[] = ["rule", ...ruleFields[rule.rule]];
  for (const [field, value] of Object.entries(rule)) {
    if (!known.includes(field)) {
      throw new UserError(
        `the selection rule "${rule.rule}" has no field "${field}"; its fields are ` +
          known.join(", "),
      );
    }
    const accepted = choices[field];
    if (accepted !== undefined && !accepted.includes(value)) {
      throw new UserError(
        `the ${field} of the selection rule "${rule.rule}" is ${JSON.stringify(value)}; it must ` +
          `be ${accepted.join(" or ")}`,
      );
    }
  }
  if (known.includes("keep")) checkKeep((rule as { readonly keep: Keep }).keep);
  if (rule.rule === "threshold" && !Number.isFinite(rule.tau)) {
    throw new UserError(`the margin threshold is ${rule.tau}; it must be a number`);
  }
}
