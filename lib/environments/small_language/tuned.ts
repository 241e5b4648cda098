import { UserError } from "../../errors.ts";
import type { LossName } from "../../losses/loss_table.ts";
import type { LossOptionsOf, SeraOptions } from "../../sera/config.ts";
import type { SmallLanguageSetting } from "./setting.ts";

/** A learning rate and the strength of a loss, by the loss's own name for it. */
interface Tuned {
  readonly learningRate: number;
  readonly loss: LossOptionsOf;
}

/** Each loss's plain arm at 20 % flips, three clauses, pairs of the SFT model's own. */
const byLoss = {
  "dpo": { learningRate: 2.5e-4, loss: { name: "dpo", beta: 0.3 } },
  "ipo": { learningRate: 2.5e-4, loss: { name: "ipo", tau: 0.1 } },
  "slic": { learningRate: 2.5e-4, loss: { name: "slic", beta: 0.3 } },
  "slic-hf": { learningRate: 5e-4, loss: { name: "slic-hf", lambda: 1 } },
  "simpo": { learningRate: 5e-4, loss: { name: "simpo", beta: 5 } },
  "r-dpo": { learningRate: 5e-4, loss: { name: "r-dpo", beta: 0.3 } },
  "cpo": { learningRate: 5e-4, loss: { name: "cpo", beta: 0.3 } },
  "orpo": { learningRate: 5e-4, loss: { name: "orpo", lambda: 2 } },
  "kto": { learningRate: 2.5e-4, loss: { name: "kto", beta: 1 } },
} as const satisfies Partial<Record<LossName, Tuned>>;

/** Plain DPO elsewhere, by clauses and writer of the pairs. */
const byPlace: Readonly<Record<string, Tuned>> = {
  "6 sft": { learningRate: 1e-4, loss: { name: "dpo", beta: 0.1 } },
  "12 sft": { learningRate: 2.5e-4, loss: { name: "dpo", beta: 1 } },
  "3 strong": { learningRate: 5e-4, loss: { name: "dpo", beta: 1 } },
  "3 weak": { learningRate: 2.5e-4, loss: { name: "dpo", beta: 0.3 } },
  "3 mixed": { learningRate: 2.5e-4, loss: { name: "dpo", beta: 0.3 } },
};

/**
 * The learning rate and strength that plain training with a loss was tuned to: by one grid and one
 * budget for every loss, response length and writer, on seeds that no study uses;
 * `experiments/studies/tuning.md` holds the grid, the rule and every value. No other arm was tuned:
 * each method takes the settings of its loss's plain arm.
 *
 * @throws {UserError} for a loss that was not tuned
 */
export function tunedPlain(
  name: LossName,
  { clauses, offlineWriter }: Pick<SmallLanguageSetting, "clauses" | "offlineWriter">,
): SeraOptions {
  const base: Readonly<Partial<Record<LossName, Tuned>>> = byLoss;
  const tuned = (name === "dpo" ? byPlace[`${clauses} ${offlineWriter}`] : undefined) ?? base[name];
  if (tuned === undefined) {
    const names = Object.keys(byLoss).join(", ");
    throw new UserError(`the loss "${name}" was not tuned in the small language; ${names} were`);
  }
  return tuned;
}
