import { UserError } from "../errors.ts";
import type { PairLogps } from "./types.ts";

const policyArrays = ["policyChosenLogps", "policyRejectedLogps"] as const;
const referenceArrays = ["referenceChosenLogps", "referenceRejectedLogps"] as const;
const lengthArrays = ["chosenLengths", "rejectedLengths"] as const;

/**
 * Checks what a loss is about to read.
 *
 * @param usesReference false leaves the reference's arrays unchecked: they may be empty
 * @returns B, the number of pairs
 * @throws {RangeError} where arrays differ in length, are empty, or hold a length below 1
 * @throws {UserError} on a log-probability that is not finite, naming the array and the index
 */
export function checkLogps(logps: PairLogps, usesReference: boolean): number {
  const count = logps.policyChosenLogps.length;
  if (count === 0) throw new RangeError("a loss needs at least one pair, got none");
  const logpArrays = usesReference ? [...policyArrays, ...referenceArrays] : policyArrays;
  for (const name of [...logpArrays, ...lengthArrays]) {
    const length = logps[name].length;
    if (length !== count) {
      throw new RangeError(`${name} has ${length} entries and policyChosenLogps has ${count}`);
    }
  }
  for (const name of logpArrays) {
    const index = logps[name].findIndex((value) => !Number.isFinite(value));
    if (index >= 0) {
      throw new UserError(
        `${name}[${index}] is ${logps[name][index]}: the model gave a log-probability that is ` +
          "not finite; check its weights",
      );
    }
  }
  for (const name of lengthArrays) {
    const index = logps[name].findIndex((value) => !(Number.isInteger(value) && value >= 1));
    if (index >= 0) {
      throw new RangeError(
        `${name}[${index}] is ${logps[name][index]}; a completion has a whole number of tokens, ` +
          "at least 1",
      );
    }
  }
  return count;
}
