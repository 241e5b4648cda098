import type { SelectionRule } from "../selection/selection_rule.ts";
import { keepCount } from "../selection/keep_count.ts";

/** What became of a pair. `swapped`: kept with chosen and rejected in each other's place. */
export type Verdict = "kept" | "swapped" | "dropped" | "bootstrapped";

/** A pair's place in the selection. */
export interface PairPlace {
  readonly kept: boolean;
  readonly swapped: boolean;
  /** From 1, by the score that the rule ranks by. */
  readonly rank: number;
  readonly total: number;
  /** Where it is known: whether the label is wrong. */
  readonly flipped?: boolean | undefined;
}

/** The verdict on a pair. */
export function verdictOf({ kept, swapped }: PairPlace): Verdict {
  return swapped ? "swapped" : kept ? "kept" : "dropped";
}

/** Why, in words. */
export function reasonOf(rule: SelectionRule, place: PairPlace): string {
  const { kept, swapped, rank, total } = place;
  const by = "by" in rule && rule.by !== undefined ? ` by ${rule.by}` : "";
  const at = `rank ${rank} of ${total}${by}`;
  switch (rule.rule) {
    case "all":
      return "every pair is kept";
    case "relabel":
      return swapped ? "the margin is negative: the label changes" : "the margin is not negative";
    case "random":
      return kept ? "drawn" : "not drawn";
    case "matched":
      return `label known to be ${place.flipped ? "wrong" : "right"}, ${kept ? "" : "not "}drawn`;
    case "threshold":
      return `margin ${kept ? "at least" : "below"} ${rule.tau}`;
    case "oracle":
      return `label known to be ${place.flipped ? "wrong" : "right"}, ` +
        (rule.order !== "random" ? at : kept ? "drawn" : "not drawn");
    case "top":
      return `${at}: ${kept ? "among" : "below"} the top ${keepCount(rule.keep, total)}`;
    case "bottom":
      return `${at}: ${kept ? "among" : "above"} the lowest ${keepCount(rule.keep, total)}`;
    case "small-gap":
      return `the margin is ${kept ? "" : "not "}among the ${
        keepCount(rule.keep, total)
      } nearest to 0`;
    case "shortest":
      return `its chosen response is ${kept ? "" : "not "}among the shortest ${
        keepCount(rule.keep, total)
      }`;
    case "lossdiff-irm":
      return `${kept ? "in" : "outside"} both central bands`;
    case "middle":
      return `${at}: ${kept ? "in" : "outside"} the middle ${keepCount(rule.keep, total)}`;
  }
}
