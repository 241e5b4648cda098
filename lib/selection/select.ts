import { UserError } from "../errors.ts";
import type { Prng } from "../random/prng.ts";
import { keepCount } from "./keep_count.ts";
import { keepOrder } from "./keep_order.ts";
import { rankPairs } from "./rank_pairs.ts";
import { type Keep, type SelectionRule, selectionRules } from "./selection_rule.ts";

/** What some rules need besides the margins. */
export interface SelectionContext {
  /** For `random` and `matched`, and for `oracle` in random order. */
  readonly prng?: Prng;
  /** For `oracle` and `matched`: whether each pair's label is known to be wrong. */
  readonly flipped?: readonly boolean[];
  /** For rules that rank by another score than the implicit margin: one a pair. */
  readonly scores?: Float64Array;
}

/** Which pairs were kept, with which labels. */
export interface Selection {
  /** Ascending. */
  readonly indices: readonly number[];
  /** Of those, the pairs whose chosen and rejected responses change places; ascending. */
  readonly swapped: readonly number[];
}

/**
 * Keeps some of B pairs by their margins, or by other scores. Equal ones rank by index, the lower
 * first, so that the result depends on nothing but the arguments.
 *
 * @throws {UserError} on a margin or score that is NaN, naming the pair, and on a bad rule
 * @throws {RangeError} where the rule needs a generator, flips or scores and has none
 */
export function selectPairs(
  rule: SelectionRule,
  margins: Float64Array,
  context: SelectionContext = {},
): Selection {
  for (const [what, values] of [["margin", margins], ["score", context.scores]] as const) {
    const nan = values?.findIndex((value) => Number.isNaN(value)) ?? -1;
    if (nan < 0) continue;
    throw new UserError(
      `the ${what} of pair ${nan} is NaN: pairs cannot be ranked; check the model`,
    );
  }
  const indices = kept(rule, margins, context).sort((a, b) => a - b);
  return {
    indices,
    swapped: rule.rule === "relabel" ? indices.filter((i) => (margins[i] as number) < 0) : [],
  };
}

function kept(rule: SelectionRule, margins: Float64Array, context: SelectionContext): number[] {
  const total = margins.length;
  switch (rule.rule) {
    case "all":
    case "relabel":
      return range(total);
    case "top":
    case "bottom":
    case "middle":
    case "small-gap":
    case "shortest":
    case "lossdiff-irm": {
      const order = keepOrder(rule, margins, context.scores) as Float64Array;
      return rankPairs(order).slice(0, keepCount(rule.keep, total));
    }
    case "random":
      return prngOf(context, rule.rule).shuffle(range(total)).slice(0, keepCount(rule.keep, total));
    case "matched":
      return matched(rule.keep, margins, context);
    case "threshold":
      if (!Number.isFinite(rule.tau)) {
        throw new UserError(`the margin threshold is ${rule.tau}; it must be a number`);
      }
      return range(total).filter((i) => (margins[i] as number) >= rule.tau);
    case "oracle": {
      const flipped = flippedOf(context, rule.rule, total);
      const ranked = rule.order === "random"
        ? prngOf(context, rule.rule).shuffle(range(total))
        : rankPairs(margins);
      const right = ranked.filter((i) => !flipped[i]);
      const wrong = rule.fill === false ? [] : ranked.filter((i) => flipped[i]);
      return [...right, ...wrong].slice(0, keepCount(rule.keep, total));
    }
    default:
      throw new UserError(
        `unknown selection rule "${(rule satisfies never as SelectionRule).rule}"; ` +
          `the rules are ${selectionRules.join(", ")}`,
      );
  }
}

/** As many flipped and as many other pairs as have the largest margins, drawn at random. */
function matched(keep: Keep, margins: Float64Array, context: SelectionContext): number[] {
  const total = margins.length;
  const flipped = flippedOf(context, "matched", total);
  const top = rankPairs(margins).slice(0, keepCount(keep, total));
  const wrong = top.filter((i) => flipped[i]).length;
  const drawn = prngOf(context, "matched").shuffle(range(total));
  return [
    ...drawn.filter((i) => flipped[i]).slice(0, wrong),
    ...drawn.filter((i) => !flipped[i]).slice(0, top.length - wrong),
  ];
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function prngOf(context: SelectionContext, rule: string): Prng {
  if (context.prng === undefined) {
    throw new RangeError(`the selection rule "${rule}" needs a generator (context.prng)`);
  }
  return context.prng;
}

function flippedOf(
  { flipped }: SelectionContext,
  rule: string,
  total: number,
): readonly boolean[] {
  if (flipped?.length === total) return flipped;
  throw new RangeError(
    `the ${rule} rule needs to know of ${total} pairs whether they are flipped, and knows of ` +
      `${flipped?.length ?? 0}`,
  );
}
