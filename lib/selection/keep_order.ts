import { centrality } from "./central_bands.ts";
import { rankedBy, type SelectionRule } from "./selection_rule.ts";

/**
 * One number a pair such that the rule prefers larger ones: what it keeps pairs in the order of.
 * Null for rules that draw, keep all, or know the truth.
 *
 * @param margins implicit margins of B pairs
 * @param scores B scores, for rules that rank by another one
 * @throws {RangeError} where the rule ranks by scores and there are not B of them
 */
export function keepOrder(
  rule: SelectionRule,
  margins: Float64Array,
  scores?: Float64Array,
): Float64Array | null {
  const by = rankedBy(rule);
  if (by === null || rule.rule === "oracle" || rule.rule === "matched") return null;
  const values = by === "implicit" ? margins : scores;
  if (values?.length !== margins.length) {
    throw new RangeError(
      `the selection rule "${rule.rule}" ranks ${margins.length} pairs by "${by}" and has ` +
        `${values?.length ?? 0} scores`,
    );
  }
  switch (rule.rule) {
    case "bottom":
    case "shortest":
      return values.map((value) => -value);
    case "middle":
      return centrality(values);
    case "small-gap":
      return values.map((value) => -Math.abs(value));
    default:
      return values;
  }
}
