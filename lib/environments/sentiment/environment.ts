import { existsSync } from "node:fs";
import { join } from "node:path";
import { type CandidatePair, labelCandidates } from "../../data/label_candidates.ts";
import { flipLabels } from "../../data/label_noise.ts";
import type { TokenizedPair } from "../../data/preference.ts";
import { projectRoot } from "../../engine/layout.ts";
import { UserError } from "../../errors.ts";
import type { GoldReward } from "../../metrics/gold.ts";
import type { Response } from "../../policy/generate.ts";
import { openModel } from "../../policy/io/load.ts";
import { type ModelFiles, modelFingerprint } from "../../policy/io/model_files.ts";
import type { LanguageModel } from "../../policy/language_model.ts";
import { loraModules } from "../../policy/lora.ts";
import { responseGroups } from "../../policy/response_groups.ts";
import { silentProgress } from "../../progress/progress_sink.ts";
import { createPrng } from "../../random/prng.ts";
import type { Environment, EnvironmentContext, PreparedEnvironment } from "../environment.ts";
import { frozenModel, policyOn } from "../frozen_model.ts";
import { fluencyThreshold, SentimentGold } from "./gold.ts";
import { splitPrompts } from "./prompts.ts";
import { DECODE_BATCH, samplesKey, type SftSamples, sftSamples } from "./samples.ts";
import {
  defaultSentimentSetting,
  type SentimentSetting,
  sentimentSettingTexts,
} from "./setting.ts";

/**
 * Controlled sentiment (Rafailov et al. 2023, section 6.1) with a pretrained model: it goes on from
 * the beginnings of reviews, and the gold reward is the sentiment of what it says.
 */
export const sentiment: Environment<SentimentSetting> = {
  name: "controlled sentiment",
  module: import.meta.url,
  description: "SmolLM2-135M-Instruct goes on from beginnings of reviews; the gold reward is the " +
    "sentiment of a response by a lexicon, where the SFT model finds it fluent",
  defaults: defaultSentimentSetting,
  texts: sentimentSettingTexts,
  sera: ({ responseTokens }) => ({
    learningRate: 3e-4,
    schedule: "constant",
    warmup: 0,
    bootstrap: { maxNewTokens: responseTokens, batch: DECODE_BATCH },
  }),
  smoke: {
    setting: { trainPrompts: 12, pairs: 8, poolSamples: 2, heldOutPrompts: 4, samplesPerPrompt: 2 },
    sera: { steps: 2 },
  },
  // A seed's samples are drawn by its first run, so that the first records come soon.
  shared: () => null,
  makeShared: () => Promise.resolve(),
  prepare,
};

export { sentiment as environment };

/** What runs of one seed share; not to be disposed. */
interface Assets {
  readonly files: ModelFiles;
  readonly sft: LanguageModel;
  readonly train: readonly Int32Array[];
  readonly heldOut: readonly Int32Array[];
  readonly offline: SftSamples;
  readonly evaluation: SftSamples;
  readonly gold: SentimentGold;
}

async function prepare(
  setting: SentimentSetting,
  seed: number,
  context: EnvironmentContext,
): Promise<PreparedEnvironment> {
  const { files, sft, train, heldOut, offline, evaluation, gold } = await assetsOf(
    setting,
    seed,
    context,
  );
  const { rank, samplesPerPrompt, responseTokens } = setting;
  const lora = { rank, alpha: 2 * rank, dropout: 0, targetModules: loraModules(files.config) };
  const { policy, dispose } = policyOn(sft, lora, seed);
  return {
    ...{ policy, reference: sft, prompts: train, cutResponses: "kept" },
    pairs: offlinePairs(setting, seed, train, offline.responses, gold),
    heldOut: heldOutPairs(heldOut, evaluation.responses, gold),
    stopTokenIds: files.tokenizer.stopTokenIds,
    evaluation: {
      prompts: heldOut,
      ...{ samplesPerPrompt, maxNewTokens: responseTokens, batch: DECODE_BATCH, gold },
      sftSamples: evaluation.responses,
    },
    text: (ids) => textOf(files, ids),
    dispose,
  };
}

/**
 * N labelled pairs of samples: equal rewards are left out, labels are drawn by Bradley-Terry, then
 * exactly `round(flipRate N)` of them flipped and marked. Noise levels of a seed are nested.
 *
 * @throws {UserError} where too few are left
 */
function offlinePairs(
  { pairs, labelTemperature, flipRate }: SentimentSetting,
  seed: number,
  prompts: readonly Int32Array[],
  responses: readonly (readonly Response[])[],
  gold: GoldReward,
): readonly TokenizedPair[] {
  const candidates = neighbours(prompts, responses, gold);
  const labelled = labelCandidates(
    candidates,
    { temperature: labelTemperature, gold: (prompt, ids) => gold.reward(prompt, ids) },
    createPrng(seed, "labels"),
  );
  if (labelled.length < pairs) {
    throw new UserError(
      `only ${labelled.length} of ${pairs} pairs could be made: the others have equal rewards; ` +
        "ask for fewer pairs or a larger poolSamples",
    );
  }
  return flipLabels(labelled.slice(0, pairs), flipRate, createPrng(seed, "flips")).pairs;
}

/** Clean pairs for the held-out loss and accuracy: the higher gold reward is chosen. */
function heldOutPairs(
  prompts: readonly Int32Array[],
  responses: readonly (readonly Response[])[],
  gold: GoldReward,
): TokenizedPair[] {
  return neighbours(prompts, responses, gold).map(({ promptIds, firstIds, secondIds }, i) => {
    const firstWins = gold.reward(promptIds, firstIds) > gold.reward(promptIds, secondIds);
    const [chosenIds, rejectedIds] = firstWins ? [firstIds, secondIds] : [secondIds, firstIds];
    return { id: `held-out ${i}`, promptIds, chosenIds, rejectedIds };
  });
}

/** Samples two by two, the prompts in turn, those of equal reward left out. */
function neighbours(
  prompts: readonly Int32Array[],
  responses: readonly (readonly Response[])[],
  gold: GoldReward,
): CandidatePair[] {
  const found: CandidatePair[] = [];
  for (let k = 0; k + 1 < (responses[0]?.length ?? 0); k += 2) {
    prompts.forEach((promptIds, p) => {
      const [first, second] = [responses[p]?.[k], responses[p]?.[k + 1]] as [Response, Response];
      if (gold.reward(promptIds, first.ids) === gold.reward(promptIds, second.ids)) return;
      found.push({ promptIds, firstIds: first.ids, secondIds: second.ids });
    });
  }
  return found;
}

const assets = new Map<string, Promise<Assets>>();
/** Seeds whose assets a process keeps. */
const KEPT = 2;

function assetsOf(
  setting: SentimentSetting,
  seed: number,
  context: EnvironmentContext,
): Promise<Assets> {
  const key = samplesKey(setting, seed);
  const known = assets.get(key) ?? makeAssets(setting, seed, key, context);
  assets.delete(key);
  assets.set(key, known); // the newest is last
  for (const old of [...assets.keys()].slice(0, -KEPT)) assets.delete(old);
  return known;
}

async function makeAssets(
  setting: SentimentSetting,
  seed: number,
  key: string,
  { cache, progress = silentProgress }: EnvironmentContext,
): Promise<Assets> {
  const { poolSamples, samplesPerPrompt, responseTokens: maxNewTokens } = setting;
  const files = await filesOf(setting);
  const sft = await frozenModel(files);
  const split = splitPrompts(seed, setting.trainPrompts, setting.heldOutPrompts);
  const [train, heldOut] = [split.train, split.heldOut].map((texts) =>
    texts.map((text) => Int32Array.from(files.tokenizer.encode(text)))
  ) as [Int32Array[], Int32Array[]];
  const { stopTokenIds } = files.tokenizer;
  const draw = (prompts: readonly Int32Array[], responses: number, name: string) =>
    sftSamples({
      ...{ model: sft, prompts, responses, maxNewTokens, stopTokenIds, seed, name, key, cache },
      progress,
    });
  const offline = await draw(train, poolSamples, "offline pairs");
  const evaluation = await draw(heldOut, samplesPerPrompt, "SFT evaluation");
  const lengths = offline.responses.flat().map(({ ids }) => ids.length);
  const gold = new SentimentGold({
    sft,
    fluentFrom: fluencyThreshold(offline.logps, lengths),
    text: (ids) => textOf(files, ids),
  });
  await gold.prepare(responseGroups(train, offline.responses), offline.logps);
  await gold.prepare(responseGroups(heldOut, evaluation.responses), evaluation.logps);
  return { files, sft, train, heldOut, offline, evaluation, gold };
}

/** @throws {UserError} where there is no such model, or another one */
async function filesOf({ model, modelSha256 }: SentimentSetting): Promise<ModelFiles> {
  const path = join(projectRoot, model);
  if (!existsSync(path)) {
    throw new UserError(`there is no model at ${path}: deno task setup --model brings it`);
  }
  const files = await openModel(path);
  const found = modelFingerprint(files);
  if (found !== modelSha256) {
    throw new UserError(
      `${path} is not the model of the study: its SHA-256 is ${found.slice(0, 12)}, not ` +
        modelSha256.slice(0, 12),
    );
  }
  return files;
}

function textOf({ tokenizer }: ModelFiles, ids: ArrayLike<number>): string {
  return tokenizer.decode(ids, { skipSpecialTokens: true });
}
