import { UserError } from "../errors.ts";
import type { Prng } from "../random/prng.ts";

/**
 * Splits items into folds for cross-fitting: the margins of a fold come from a policy that was
 * trained on the other folds only, so that it cannot have memorised their labels.
 *
 * Items of one group (say, pairs that share a prompt) stay together; groups are dealt in random
 * order, each to the fold that is smallest so far (the lowest-numbered of equals).
 *
 * @param groups for each item the group it belongs to; give each its own number for no grouping
 * @returns for each item its fold, 0 to folds - 1
 * @throws {UserError} where there are fewer than two folds or fewer groups than folds
 */
export function assignFolds(groups: readonly number[], folds: number, prng: Prng): Int32Array {
  if (!(Number.isInteger(folds) && folds >= 2)) {
    throw new UserError(`cross-fitting needs a whole number of at least 2 folds, got ${folds}`);
  }
  const members = new Map<number, number[]>();
  groups.forEach((group, item) => {
    const list = members.get(group);
    if (list) list.push(item);
    else members.set(group, [item]);
  });
  if (members.size < folds) {
    throw new UserError(
      `cross-fitting into ${folds} folds needs at least as many different prompts, got ${members.size}`,
    );
  }
  const foldOf = new Int32Array(groups.length);
  const sizes = new Array<number>(folds).fill(0);
  for (const items of prng.shuffle([...members.values()])) {
    const fold = sizes.indexOf(Math.min(...sizes));
    for (const item of items) foldOf[item] = fold;
    sizes[fold] = (sizes[fold] as number) + items.length;
  }
  return foldOf;
}

/** The items of one fold, ascending: those whose margins the fold's policy gives. */
export function heldOutItems(foldOf: Int32Array, fold: number): number[] {
  return Array.from(foldOf.keys()).filter((item) => foldOf[item] === fold);
}

/** The items of the other folds, ascending: those that the fold's policy is trained on. */
export function trainingItems(foldOf: Int32Array, fold: number): number[] {
  return Array.from(foldOf.keys()).filter((item) => foldOf[item] !== fold);
}

/**
 * Puts the values of every fold's held-out items back in the order of the items.
 *
 * @param byFold for each fold the values of `heldOutItems(foldOf, fold)`, in that order
 * @throws {RangeError} where a fold has another number of values than items
 */
export function assembleFolds<T>(foldOf: Int32Array, byFold: readonly (readonly T[])[]): T[] {
  const values = new Array<T>(foldOf.length);
  byFold.forEach((own, fold) => {
    const items = heldOutItems(foldOf, fold);
    if (own.length !== items.length) {
      throw new RangeError(`fold ${fold} has ${items.length} items and ${own.length} values`);
    }
    items.forEach((item, i) => values[item] = own[i] as T);
  });
  if (foldOf.some((fold) => fold >= byFold.length)) {
    throw new RangeError(`values of ${byFold.length} folds given, but there are more folds`);
  }
  return values;
}
