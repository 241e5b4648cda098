import { UserError } from "../../errors.ts";
import { above0, below1, from0to1, type NumberRule, wholeFrom } from "../../number_rule.ts";

/** What a run on any model with any preference file depends on besides config and seed. */
export type PreferenceFileSetting = {
  /**
   * Folder, `.gguf` file or hub id (`owner/name[@revision]`), as the user wrote it; studies name
   * files: see `locate`.
   */
  readonly model: string;
  /** A file, a folder of files or a hub id (`owner/name[:[folder/]split]`), in TRL's formats. */
  readonly data: string;
  /** What the model was when the run was planned; see `preferenceSetting`. */
  readonly modelSha256: string | null;
  readonly dataSha256: string | null;
  /** Pairs read from the file, the first ones; null: all. */
  readonly limit: number | null;
  /** Only pairs both of whose responses are shorter than so many characters. Absent: all. */
  readonly shorterThan?: number;
  /** Share of the pairs, by prompt. */
  readonly heldOut: number;
  /** Exactly so many held-out pairs, by prompt, instead of a share. Absent: the share. */
  readonly heldOutPairs?: number;
  /** Exactly so many training pairs, drawn from those that are not held out. Absent: all of them. */
  readonly trainingPairs?: number;
  /** Share of the training labels. */
  readonly flipRate: number;
  /** Tokens of prompt and completion; null: 1024, or the model's context if shorter. */
  readonly maxLength: number | null;
  /**
   * Whether a prompt is cut only where its longest answer leaves it no room, as commands do. Absent:
   * to half of the length, whatever its answers leave, as in the runs that were published first.
   */
  readonly wholePrompts?: boolean;
  readonly chatTemplate: "auto" | "always" | "never";
  /** Train all weights; the LoRA settings then do nothing. */
  readonly full: boolean;
  readonly rank: number;
  /** The update counts loraAlpha / rank; null: twice the rank. */
  readonly loraAlpha: number | null;
  readonly dropout: number;
  /** Modules with commas between them, or "all-linear". */
  readonly targets: string;
  readonly evaluationPrompts: number;
  /** Whether those prompts are drawn by the seed. Absent: they are the first held-out ones. */
  readonly evaluationDraw?: "seeded";
  readonly samplesPerPrompt: number;
  /** Tokens; of bootstrapping too. */
  readonly maxNewTokens: number;
};

/** Everything but a model and a file. */
export const defaultPreferenceSetting: PreferenceFileSetting = {
  model: "",
  data: "",
  modelSha256: null,
  dataSha256: null,
  limit: null,
  heldOut: 0.1,
  flipRate: 0,
  maxLength: null,
  chatTemplate: "auto",
  full: false,
  rank: 16,
  loraAlpha: null,
  dropout: 0,
  targets: "all-linear",
  evaluationPrompts: 16,
  samplesPerPrompt: 1,
  maxNewTokens: 128,
};

/** What each part is: `align --help` shows those that it has options for. */
export const preferenceSettingTexts: Readonly<
  Record<keyof PreferenceFileSetting, string>
> = {
  model: "folder, .gguf file or hub id (owner/name)",
  data: "preference pairs in TRL's formats: JSONL, JSON, CSV or Parquet (.gz too), a folder of " +
    "them, or owner/name[:[folder/]split] of the hub",
  modelSha256: "SHA-256 of the model's configuration, weights and tokenizer",
  dataSha256: "SHA-256 of the data file",
  limit: "use the first N pairs",
  shorterThan: "use pairs both of whose responses are shorter than so many characters",
  heldOut: "share of the pairs kept for measurement, by prompt",
  heldOutPairs: "exactly so many pairs kept for measurement, by prompt, instead of a share",
  trainingPairs: "exactly so many training pairs, drawn from the others",
  flipRate: "audit: flip this share of the training labels and report how many are kept",
  maxLength: "longest prompt and completion in tokens; longer ones are cut and counted",
  wholePrompts: "cut a prompt only where its longest answer leaves it no room, else to half",
  chatTemplate: "wrap plain prompts with the model's chat template",
  full: "train all weights instead of LoRA adapters",
  rank: "LoRA rank",
  loraAlpha: "LoRA scale: the update counts alpha / rank",
  dropout: "LoRA dropout",
  targets: "modules to adapt (q_proj,v_proj,...), or all-linear",
  evaluationPrompts: "held-out prompts responded to after every iteration, drawn by the seed",
  evaluationDraw: "which held-out prompts those are: drawn by the seed, or the first",
  samplesPerPrompt: "responses per held-out prompt",
  maxNewTokens: "longest generated response in tokens",
};

/** What each number must be, where it is not null. */
export const preferenceSettingRules = {
  limit: wholeFrom(1),
  shorterThan: wholeFrom(1),
  heldOut: below1,
  heldOutPairs: wholeFrom(1),
  trainingPairs: wholeFrom(2),
  flipRate: from0to1,
  maxLength: wholeFrom(2),
  rank: wholeFrom(1),
  loraAlpha: above0,
  dropout: below1,
  evaluationPrompts: wholeFrom(0),
  samplesPerPrompt: wholeFrom(1),
  maxNewTokens: wholeFrom(1),
} as const satisfies Readonly<Record<string, NumberRule>>;

/**
 * Checks the numbers of a setting.
 *
 * @throws {UserError} naming the first that is not accepted, and what it must be
 */
export function checkPreferenceSetting(setting: PreferenceFileSetting): void {
  for (const [name, { text, accepts }] of Object.entries<NumberRule>(preferenceSettingRules)) {
    const value = setting[name as keyof typeof preferenceSettingRules];
    if (value === null || value === undefined) continue;
    if (Number.isFinite(value) && accepts(value)) continue;
    throw new UserError(`setting: ${name} is ${JSON.stringify(value)}; it must be ${text}`);
  }
}
