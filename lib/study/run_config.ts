import type { Environment, Setting } from "../environments/environment.ts";
import { fingerprintJson } from "../files/fingerprint.ts";
import { type SeraConfig, seraConfig, type SeraOptions } from "../sera/config.ts";

/** Changes whenever the code gives other numbers for an unchanged config: old records then stand apart. */
export const CONFIG_VERSION = 3;

/** Everything that a run depends on: the same config gives the same record, but for times. */
export interface RunConfig<S extends Setting = Setting> {
  /** `CONFIG_VERSION` of the code. */
  readonly version: number;
  /** The environment's name. */
  readonly environment: string;
  /** The environment's setting, whole. */
  readonly setting: S;
  /** SeRA's config, whole. */
  readonly sera: SeraConfig;
  /** Of every random draw. */
  readonly seed: number;
}

/** A change to what an environment and SeRA are set to. */
export interface RunChange<S extends Setting = Setting> {
  /** Parts of the environment's setting. */
  readonly setting?: Partial<S>;
  /** Parts of SeRA's config. */
  readonly sera?: SeraOptions;
}

/**
 * The environment's own settings with changes, later ones over earlier ones.
 *
 * @throws {UserError} naming a field of the config that is not accepted
 */
export function runConfig<S extends Setting>(
  environment: Environment<S>,
  seed: number,
  changes: readonly RunChange<S>[],
): RunConfig<S> {
  const setting = changes.reduce<S>(
    (whole, change) => ({ ...whole, ...change.setting }),
    environment.defaults,
  );
  return {
    version: CONFIG_VERSION,
    environment: environment.name,
    setting,
    sera: seraConfig(
      environment.sera(setting),
      ...changes.flatMap(({ sera }) => sera === undefined ? [] : [sera]),
    ),
    seed,
  };
}

/** SHA-256 of the config's canonical JSON: the run's name. */
export function hashConfig(config: RunConfig): string {
  return fingerprintJson(config);
}
