import { UserError } from "../errors.ts";
import type { OptionRule } from "./option_rules.ts";
import {
  definitionOf,
  type LossConfig,
  type LossConfigOf,
  type LossName,
  lossNames,
  lossTable,
} from "./loss_table.ts";

/** Values for some of a loss's options; undefined means the default. */
export type LossOptions = Readonly<Record<string, number | boolean | undefined>>;

/** A loss with its default options. */
export function defaultLossConfig<Name extends LossName>(name: Name): LossConfigOf<Name> {
  return lossTable[name].defaults;
}

/** The names of a loss's options. */
export function lossOptionNames(name: LossName): string[] {
  return Object.keys(lossTable[name].rules);
}

/**
 * A loss's defaults with some options replaced.
 *
 * @throws {UserError} on an unknown loss, an option that the loss does not have, or a value that
 * the option does not accept
 */
export function lossConfigFromOptions(name: string, overrides: LossOptions = {}): LossConfig {
  if (!Object.hasOwn(lossTable, name)) {
    throw new UserError(`unknown loss "${name}"; the losses are ${lossNames.join(", ")}`);
  }
  const known = lossOptionNames(name as LossName);
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  for (const [option] of given) {
    if (!known.includes(option)) {
      const options = known.map((own) => `"${own}"`).join(", ");
      throw new UserError(`loss "${name}" has no option "${option}"; its options are ${options}`);
    }
  }
  const config = {
    ...lossTable[name as LossName].defaults,
    ...Object.fromEntries(given),
  } as LossConfig;
  checkLossConfig(config);
  return config;
}

/** @throws {UserError} naming the first option whose value the loss does not accept */
export function checkLossConfig(config: LossConfig): void {
  const rules: Readonly<Record<string, OptionRule>> = definitionOf(config).rules;
  for (const [option, rule] of Object.entries(rules)) {
    const value: unknown = (config as unknown as Record<string, unknown>)[option];
    if (!rule.accepts(value)) {
      throw new UserError(
        `option "${option}" of loss "${config.name}" is ${value}; it must be ${rule.text}`,
      );
    }
  }
}

/** Whether the loss reads the reference's log-probabilities. */
export function usesReference(config: LossConfig): boolean {
  return definitionOf(config).usesReference;
}

/**
 * Whether the loss couples the pairs of a batch, so that the log-probabilities of the whole batch
 * must be known before any gradient: micro-batches then give another step.
 */
export function needsWholeBatch(config: LossConfig): boolean {
  return definitionOf(config).coupleBatch !== undefined;
}

/**
 * Whether the loss has a reference point: the log-probabilities of mismatched prompts and
 * completions of the whole batch must then be known before any gradient.
 */
export function needsMismatched(config: LossConfig): boolean {
  return definitionOf(config).referencePoint !== undefined;
}

/**
 * The reference point of a batch, nats.
 *
 * @param policyLogps of its mismatched prompts and completions, nats
 * @param referenceLogps the same under the reference
 * @throws {RangeError} where the loss has none
 */
export function referencePointOf(
  config: LossConfig,
  policyLogps: Float64Array,
  referenceLogps: Float64Array,
): number {
  const { referencePoint } = definitionOf(config);
  if (referencePoint === undefined) throw new RangeError(`${config.name} has no reference point`);
  return referencePoint(policyLogps, referenceLogps);
}

/** An implicit reward: of a completion's summed log-probabilities (nats) and its token count. */
export type ImplicitReward = (policyLogp: number, referenceLogp: number, length: number) => number;

/**
 * The implicit reward that the loss optimises, for example beta * rho for DPO and beta * l / |y|
 * for SimPO. Reported rewards and margins, IRM selection and the ensemble all use this one.
 */
export function rewardOf(config: LossConfig): ImplicitReward {
  const definition = definitionOf(config);
  return (policyLogp, referenceLogp, length) =>
    definition.reward(config, policyLogp, referenceLogp, length);
}
