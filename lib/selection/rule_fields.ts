import type { SelectionRule } from "./selection_rule.ts";

const ranking = ["keep", "by"] as const;

/** The fields of each rule, beside its name. */
export const ruleFields = {
  all: [],
  top: ranking,
  bottom: ranking,
  middle: ranking,
  "small-gap": ["keep"],
  shortest: ["keep"],
  "lossdiff-irm": ["keep"],
  random: ["keep", "fixed"],
  matched: ["keep"],
  relabel: [],
  threshold: ["tau"],
  oracle: ["keep", "order", "fill", "truth"],
} as const satisfies Readonly<Record<SelectionRule["rule"], readonly string[]>>;
