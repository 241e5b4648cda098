import { UserError } from "../errors.ts";
import { checkKeep } from "./keep_count.ts";
import { type Keep, type SelectionRule, selectionRules } from "./selection_rule.ts";

/** What each rule needs, and what it may have. */
const fields: Readonly<Record<SelectionRule["rule"], readonly string[]>> = {
  all: [],
  top: ["keep"],
  bottom: ["keep"],
  middle: ["keep"],
  random: ["keep"],
  relabel: [],
  threshold: ["tau"],
  oracle: ["keep", "order", "fill"],
};

/** @throws {UserError} on an unknown rule or field, or a share, count or threshold out of range */
export function checkSelectionRule(rule: SelectionRule): void {
  if (!selectionRules.includes(rule.rule)) {
    throw new UserError(
      `unknown selection rule "${rule.rule}"; the rules are ${selectionRules.join(", ")}`,
    );
  }
  const known = ["rule", ...fields[rule.rule]];
  const unknown = Object.keys(rule).find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw new UserError(
      `the selection rule "${rule.rule}" has no field "${unknown}"; its fields are ` +
        known.join(", "),
    );
  }
  if (known.includes("keep")) checkKeep((rule as { readonly keep: Keep }).keep);
  if (rule.rule === "oracle" && !["margin", "random"].includes(rule.order ?? "margin")) {
    throw new UserError(`the oracle's order is "${rule.order}"; it must be margin or random`);
  }
  if (rule.rule === "threshold" && !Number.isFinite(rule.tau)) {
    throw new UserError(`the margin threshold is ${rule.tau}; it must be a number`);
  }
}
