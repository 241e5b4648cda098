/** How many items are kept: a share in (0, 1], rounded, but at least one; or `{ count }`. */
export type Keep = number | { readonly count: number };

/** Which pairs an iteration trains on, with which labels. A plain value for configs and records. */
export type SelectionRule =
  /** Every pair. */
  | { readonly rule: "all" }
  /** The largest margins: SeRA's rule [P]. */
  | { readonly rule: "top"; readonly keep: Keep }
  /** The smallest margins. */
  | { readonly rule: "bottom"; readonly keep: Keep }
  /** A band centred on the median rank. */
  | { readonly rule: "middle"; readonly keep: Keep }
  /** A uniform draw without replacement. Needs a generator. */
  | { readonly rule: "random"; readonly keep: Keep }
  /** Every pair; chosen and rejected change places where the margin is negative (a control). */
  | { readonly rule: "relabel" }
  /** Every margin of at least `tau`. */
  | { readonly rule: "threshold"; readonly tau: number }
  /**
   * Pairs known to be labelled right come first. Needs the flips.
   * `order` ranks the pairs within each group: by largest margin (default) or at random.
   * `fill` (default true): where fewer than k are right, flipped pairs fill up to k.
   */
  | {
    readonly rule: "oracle";
    readonly keep: Keep;
    readonly order?: "margin" | "random";
    readonly fill?: boolean;
  };

/** Every rule's name. */
export const selectionRules = [
  "all",
  "top",
  "bottom",
  "middle",
  "random",
  "relabel",
  "threshold",
  "oracle",
] as const satisfies readonly SelectionRule["rule"][];

/** Whether the rule reads margins: the others need no scoring of the pairs. */
export function usesMargins({ rule, ...rest }: SelectionRule): boolean {
  if (rule === "oracle") return !("order" in rest && rest.order === "random");
  return rule !== "all" && rule !== "random";
}
