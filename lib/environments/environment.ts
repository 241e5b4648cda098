import type { ProgressSink } from "../progress/progress_sink.ts";
import type { SeraOptions } from "../sera/config.ts";
import type { SeraInput } from "../sera/types.ts";

/** A value that a study may vary: plain, so that records can hold it. */
export type SettingValue = string | number | boolean | null;
/** What an environment is set to, by name. */
export type Setting = Readonly<Record<string, SettingValue>>;

/** Where runs of one machine keep what they share, and tell how far they are. */
export interface EnvironmentContext {
  /** Folder of what an environment makes once and reads back (SFT models). */
  readonly cache: string;
  /** Default: nobody watches. */
  readonly progress?: ProgressSink;
  /** File for the texts of the last policy's samples, where the environment has texts. Default: none. */
  readonly samples?: string;
}

/** Everything of a run but its config: what `runSera` takes. */
export interface PreparedEnvironment extends
  Pick<
    SeraInput,
    | "policy"
    | "reference"
    | "pairs"
    | "heldOut"
    | "prompts"
    | "stopTokenIds"
    | "cutResponses"
    | "emptyResponses"
    | "evaluation"
  > {
  /** The text of token ids, for readers. */
  text(ids: ArrayLike<number>): string;
  /** Frees what belongs to this run alone; what runs of a seed share stays. */
  dispose(): void;
}

/**
 * Where studies run: makes SFT policy, reference, preference pairs, held-out pairs and prompts of a
 * seed, and says what a study may vary. Everything it draws follows from setting and seed.
 */
export interface Environment<S extends Setting = Setting> {
  /** For records and tables. */
  readonly name: string;
  /**
   * URL of the module that exports it under the name `environment`: worker processes import it.
   */
  readonly module: string;
  /** One line for readers of a study. */
  readonly description: string;
  /** The usual setting; every key is a factor that a study may vary. */
  readonly defaults: S;
  /** What each part of the setting is, with its unit. */
  readonly texts: Readonly<Record<keyof S & string, string>>;
  /** Alignment settings that were chosen for this environment, over `defaultSeraConfig`. */
  sera(setting: S): SeraOptions;
  /** Changes that make a run take seconds, to show that everything works. */
  readonly smoke: { readonly setting: Partial<S>; readonly sera: SeraOptions };
  /**
   * Names what runs with this setting and seed share (an SFT model): made once, before them.
   * null where they share nothing that takes time.
   */
  shared(setting: S, seed: number): string | null;
  /** Makes what `shared` names, where it is not there yet. */
  makeShared(setting: S, seed: number, context: EnvironmentContext): Promise<void>;
  /** Needs a loaded engine. */
  prepare(setting: S, seed: number, context: EnvironmentContext): Promise<PreparedEnvironment>;
}
