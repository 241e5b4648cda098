/** How many items are kept: a share in (0, 1], rounded, but at least one; or `{ count }`. */
export type Keep = number | { readonly count: number };

/** Scores that a rule may rank by instead of the implicit margin. */
export const scoreNames: readonly ScoreName[] = [
  "explicit",
  "explicit-minus-implicit",
  "votes",
];
/**
 * One of them: the margin of an explicit reward model; that margin minus the implicit one (M_AP, see
 * `alignmentPotential`); or how many fold models confirm the label (see `voteScores`).
 */
export type ScoreName = "explicit" | "explicit-minus-implicit" | "votes";

/** A rule that keeps a part of the order by one score. */
export interface Ranking {
  /** How much of it. */
  readonly keep: Keep;
  /** What it ranks by. Default: the implicit margin. */
  readonly by?: ScoreName;
}

/** Which pairs an iteration trains on, with which labels. A plain value for configs and records. */
export type SelectionRule =
  /** Every pair. */
  | { readonly rule: "all" }
  /**
   * The largest margins: SeRA's rule [P]. Cross-fitted, with DPO: the lowest held-out losses, as the
   * loss falls in the margin (Selective DPO, arXiv 2502.09650, which averages several runs).
   */
  | { readonly rule: "top" } & Ranking
  /** The smallest margins, sign included: arXiv 2508.04149 by its authors' code. */
  | { readonly rule: "bottom" } & Ranking
  /** A band centred on the median rank. */
  | { readonly rule: "middle" } & Ranking
  /** The implicit margins nearest to 0: arXiv 2508.04149 read without the sign, as 2503.01864 does. */
  | { readonly rule: "small-gap"; readonly keep: Keep }
  /** The shortest chosen responses, in tokens: a control that looks at length alone. */
  | { readonly rule: "shortest"; readonly keep: Keep }
  /** Central bands of loss difference and of margin, intersected: see `centralBands`. */
  | { readonly rule: "lossdiff-irm"; readonly keep: Keep }
  /**
   * A uniform draw without replacement. Needs a generator.
   * `fixed` (default false): the same draw in every iteration of a run, instead of a new one.
   */
  | { readonly rule: "random"; readonly keep: Keep; readonly fixed?: boolean }
  /** A random draw with as many flipped pairs as `top` would keep (a control). Needs the flips. */
  | { readonly rule: "matched"; readonly keep: Keep }
  /** Every pair; chosen and rejected change places where the margin is negative (a control). */
  | { readonly rule: "relabel" }
  /** Every margin of at least `tau`. */
  | { readonly rule: "threshold"; readonly tau: number }
  /**
   * Pairs known to be labelled right come first. Needs to know which are.
   * `order` ranks the pairs within each group: by largest margin (default) or at random.
   * `fill` (default true): where fewer than k are right, wrong ones fill up to k.
   * `truth`: wrong are labels that were flipped (default), or chosen responses of lower gold reward.
   */
  | {
    readonly rule: "oracle";
    readonly keep: Keep;
    readonly order?: "margin" | "random";
    readonly fill?: boolean;
    readonly truth?: "flip" | "gold";
  };

/** Every rule's name. */
export const selectionRules = [
  "all",
  "top",
  "bottom",
  "middle",
  "small-gap",
  "shortest",
  "lossdiff-irm",
  "random",
  "matched",
  "relabel",
  "threshold",
  "oracle",
] as const satisfies readonly SelectionRule["rule"][];

/** What decides on a pair; null: nothing that a model says. */
export function rankedBy(
  rule: SelectionRule,
): "implicit" | "lossdiff-irm" | "chosen-length" | ScoreName | null {
  switch (rule.rule) {
    case "all":
    case "random":
      return null;
    case "oracle":
      return rule.order === "random" ? null : "implicit";
    case "lossdiff-irm":
      return rule.rule;
    case "shortest":
      return "chosen-length";
    case "top":
    case "bottom":
    case "middle":
      return rule.by ?? "implicit";
    default:
      return "implicit";
  }
}

/** Whether the rule reads implicit margins: the others need no scoring of the pairs by a policy. */
export function usesMargins(rule: SelectionRule): boolean {
  return !([null, "explicit", "chosen-length"] as unknown[]).includes(rankedBy(rule));
}
