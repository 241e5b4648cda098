/** How many items are kept: a share in (0, 1], rounded, but at least one; or a number of items. */
export type Keep = { readonly fraction: number } | { readonly count: number };

/** Which pairs an iteration trains on. A plain value that can be written to a record. */
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
  "threshold",
  "oracle",
] as const satisfies readonly SelectionRule["rule"][];
