import { flipLabels, unflipped } from "../../data/label_noise.ts";
import type { TokenizedPair } from "../../data/preference.ts";
import { type PreferenceFile, readPreferences } from "../../data/read_preferences.ts";
import { dataFiles } from "../../data/data_files.ts";
import { type TokenizedPairs, tokenizePairs } from "../../data/tokenize_pairs.ts";
import { UserError } from "../../errors.ts";
import { fingerprintFile, fingerprintJson } from "../../files/fingerprint.ts";
import { openModel } from "../../policy/io/load.ts";
import { type ModelFiles, modelFingerprint } from "../../policy/io/model_files.ts";
import type { LoraConfig } from "../../policy/lora.ts";
import { type ProgressSink, silentProgress } from "../../progress/progress_sink.ts";
import { createPrng } from "../../random/prng.ts";
import { dataPath } from "./data_path.ts";
import { downloadProgress } from "./download_progress.ts";
import { locate } from "./locate.ts";
import { loraOf } from "./lora_setting.ts";
import {
  checkPreferenceSetting,
  defaultPreferenceSetting,
  type PreferenceFileSetting,
} from "./setting.ts";
import { shorterPairs, splitPairs } from "./split_pairs.ts";

/** Longest sequence where none is told, if the model's context allows it. */
const DEFAULT_MAX_LENGTH = 1024;

/** A model and a preference file, read, checked, tokenised, split and flipped. No weight is loaded. */
export interface OpenedPreferences {
  /** The setting with both fingerprints. */
  readonly setting: PreferenceFileSetting;
  /** Config, tokenizer and where the weights lie. */
  readonly files: ModelFiles;
  /** The pairs as text; with `shorterThan` those that are short enough. */
  readonly file: PreferenceFile;
  /** All of them as token ids, in their order. */
  readonly tokenized: TokenizedPairs;
  /** Training pairs; they say whether they are flipped where flips were made here or the data do. */
  readonly pairs: readonly TokenizedPair[];
  /** Pairs of other prompts; where the data say that a label was flipped, with the first one. */
  readonly heldOut: readonly TokenizedPair[];
  /** Undefined: all weights train. */
  readonly lora: LoraConfig | undefined;
}

/**
 * Opens what a setting names.
 *
 * @throws {UserError} naming file, field or tensor that is wrong, a file that is not the one that the
 * setting's fingerprint was made of, or labels to flip where the data know some flips and not others
 */
export async function openPreferences(
  setting: PreferenceFileSetting,
  seed: number,
  progress: ProgressSink = silentProgress,
): Promise<OpenedPreferences> {
  checkPreferenceSetting(setting);
  const { model, data, modelSha256, dataSha256, limit, maxLength, chatTemplate } = setting;
  const files = await openModel(locate(model), { onDownload: downloadProgress(progress) });
  const path = await dataPath(locate(data), progress);
  const file = await shortFile(path, setting);
  const found = {
    modelSha256: modelFingerprint(files),
    dataSha256: dataFingerprint(await dataFiles(path)),
  };
  checkFingerprint(model, modelSha256, found.modelSha256);
  checkFingerprint(data, dataSha256, found.dataSha256);
  const contextLength = files.config.maxPositions;
  const longest = maxLength ?? Math.min(DEFAULT_MAX_LENGTH, contextLength);
  const tokenized = tokenizePairs(file.pairs, files.tokenizer, {
    maxLength: longest,
    ...(setting.wholePrompts === true ? {} : { maxPromptLength: Math.floor(longest / 2) }),
    ...{ contextLength, chatTemplate, places: file.places },
  });
  if (tokenized.pairs.length < (setting.heldOut > 0 ? 3 : 2)) {
    throw new UserError(
      `${data}: ${tokenized.pairs.length} pairs are too few: training needs 2` +
        (setting.heldOut > 0 ? ", and --held-out one more (0 holds out none)" : "") +
        (limit === null ? "" : "; raise --limit"),
    );
  }
  const { training, heldOut } = splitPairs(file.pairs, tokenized.pairs, setting, seed);
  if (training.length < 2) {
    throw new UserError(
      `${data}: ${training.length} training pairs are left; at least 2 are needed`,
    );
  }
  const pairs = withFlips(training, setting, seed);
  return {
    ...{ setting: { ...setting, ...found }, files, file, tokenized, pairs },
    ...{ heldOut: heldOut.map(unflipped), lora: loraOf(setting, files.config) },
  };
}

/**
 * A setting for studies: with the fingerprints of its model and data, so that a changed file is
 * another run, and, unless it says otherwise, with prompts left whole and evaluation prompts drawn as
 * commands do.
 *
 * @throws {UserError} as `openPreferences`
 */
export async function preferenceSetting<S extends Partial<PreferenceFileSetting>>(
  setting: S & Pick<PreferenceFileSetting, "model" | "data">,
): Promise<
  & S
  & Pick<PreferenceFileSetting, "model" | "data" | "modelSha256" | "dataSha256">
  & Pick<PreferenceFileSetting, "wholePrompts" | "evaluationDraw">
> {
  const opened = await openPreferences({ ...defaultPreferenceSetting, ...setting }, 0);
  const { modelSha256, dataSha256 } = opened.setting;
  const asCommands = { wholePrompts: true, evaluationDraw: "seeded" } as const;
  return { ...asCommands, ...setting, modelSha256, dataSha256 };
}

/** The training pairs with labels flipped; without a rate, as the data have them. */
function withFlips(
  training: readonly TokenizedPair[],
  { data, flipRate }: PreferenceFileSetting,
  seed: number,
): readonly TokenizedPair[] {
  if (flipRate === 0) return training;
  const told = training.filter(({ flipped }) => flipped !== undefined).length;
  if (told > 0 && told < training.length) {
    throw new UserError(
      `${data}: ${told} of ${training.length} training pairs say in "flipped" whether they are ` +
        "flipped, so flips on top cannot be known: fill it in every record, or leave " +
        "--flip-labels out",
    );
  }
  return flipLabels(training, flipRate, createPrng(seed, "flip-labels")).pairs;
}

/** The file's first pairs, as many as `limit` says, of those that are short enough. */
async function shortFile(
  path: string,
  { limit, shorterThan }: PreferenceFileSetting,
): Promise<PreferenceFile> {
  const first = limit ?? undefined;
  if (shorterThan === undefined) return await readPreferences(path, { limit: first });
  const whole = await readPreferences(path);
  return { ...whole, pairs: shorterPairs(whole.pairs, shorterThan).slice(0, first) };
}

/** SHA-256 of the data: of its file, or of all of its files'. */
function dataFingerprint(paths: readonly string[]): string {
  const [first = "", ...more] = paths;
  return more.length === 0 ? fingerprintFile(first) : fingerprintJson(paths.map(fingerprintFile));
}

function checkFingerprint(path: string, expected: string | null, found: string): void {
  if (expected === null || expected === found) return;
  throw new UserError(
    `${path} has changed since the run was planned (its SHA-256 was ${expected.slice(0, 12)}, is ` +
      `${found.slice(0, 12)}): restore it, or plan the run anew`,
  );
}
