import type { SeraOptions } from "./config.ts";

/**
 * What happens from iteration 2 on, as changes to the default config (iteration 1 is the same for
 * all). `align --method` and the studies' arms name these.
 */
export const methods = {
  /** The largest margins of the given pairs, and pairs that the policy writes and ranks itself [P]. */
  sera: { selection: { rule: "top", keep: 0.7 }, bootstrap: {} },
  /** Every given pair: the plain direct alignment algorithm, iterated. */
  plain: { selection: { rule: "all" }, bootstrap: null },
  /** The largest margins of the given pairs. */
  select: { selection: { rule: "top", keep: 0.7 }, bootstrap: null },
  /** Every given pair, and pairs that the policy writes and ranks itself. */
  bootstrap: { selection: { rule: "all" }, bootstrap: {} },
  /** As many given pairs as `select` keeps, drawn at random in each iteration. */
  random: { selection: { rule: "random", keep: 0.7 }, bootstrap: null },
  /** Every given pair, relabelled by the policy's own margins. */
  relabel: { selection: { rule: "relabel" }, bootstrap: null },
} as const satisfies Readonly<Record<string, SeraOptions>>;

/** The name of a method. */
export type MethodName = keyof typeof methods;

/** Every method's name. */
export const methodNames = Object.keys(methods) as readonly MethodName[];
