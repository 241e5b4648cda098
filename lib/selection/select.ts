import { UserError } from "../errors.ts";
import type { Prng } from "../random/prng.ts";
import { keepCount } from "./keep_count.ts";
import { rankPairs } from "./rank_pairs.ts";
import { type SelectionRule, selectionRules } from "./selection_rule.ts";

/** What some rules need besides the margins. */
export interface SelectionContext {
  /** For `random`, and for `oracle` in random order. */
  readonly prng?: Prng;
  /** For `oracle`: whether each pair's label is known to be wrong. */
  readonly flipped?: readonly boolean[];
}

/** Which pairs were kept, with which labels. */
export interface Selection {
  /** Ascending. */
  readonly indices: readonly number[];
  /** Of those, the pairs whose chosen and rejected responses change places; ascending. */
  readonly swapped: readonly number[];
}

/**
 * Keeps some of B pairs by their margins. Equal margins rank by index, the lower first, so that the
 * result depends on nothing but the arguments.
 *
 * @throws {UserError} on a margin that is NaN, naming the pair, and on a bad rule
 * @throws {RangeError} where the rule needs a generator or flips and has none
 */
export function selectPairs(
  rule: SelectionRule,
  margins: Float64Array,
  context: SelectionContext = {},
): Selection {
  const nan = margins.findIndex((margin) => Number.isNaN(margin));
  if (nan >= 0) {
    throw new UserError(
      `the margin of pair ${nan} is NaN: pairs cannot be ranked; check the model`,
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
      return rankPairs(margins).slice(0, keepCount(rule.keep, total));
    case "bottom":
      return rankPairs(margins.map((margin) => -margin)).slice(0, keepCount(rule.keep, total));
    case "middle": {
      const count = keepCount(rule.keep, total);
      const above = Math.floor((total - count) / 2);
      return rankPairs(margins).slice(above, above + count);
    }
    case "random":
      return prngOf(context, rule.rule).shuffle(range(total)).slice(0, keepCount(rule.keep, total));
    case "threshold":
      if (!Number.isFinite(rule.tau)) {
        throw new UserError(`the margin threshold is ${rule.tau}; it must be a number`);
      }
      return range(total).filter((i) => (margins[i] as number) >= rule.tau);
    case "oracle": {
      const { flipped } = context;
      if (flipped?.length !== total) {
        throw new RangeError(
          `the oracle rule needs to know of ${total} pairs whether they are flipped, and knows of ` +
            `${flipped?.length ?? 0}`,
        );
      }
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

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function prngOf(context: SelectionContext, rule: string): Prng {
  if (context.prng === undefined) {
    throw new RangeError(`the selection rule "${rule}" needs a generator (context.prng)`);
  }
  return context.prng;
}
