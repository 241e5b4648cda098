import type { Environment, EnvironmentContext, PreparedEnvironment } from "../environment.ts";
import { heldOutPreferences, offlinePreferences } from "./preferences.ts";
import { defaultSetting, settingTexts, sftKey, type SmallLanguageSetting } from "./setting.ts";
import { DECODE_BATCH, sftAssets } from "./sft_assets.ts";
import { openSftModel } from "./sft_cache.ts";
import { MAX_ROWS } from "./train_sft.ts";
import { goldOf } from "./annotators.ts";
import { tunedPlain } from "./tuned.ts";
import { EOS_ID, maxResponseTokens, toText } from "./world/mod.ts";

/** The review world: a language of 67 words whose every sentence has a known quality. */
export const smallLanguage: Environment<SmallLanguageSetting> = {
  name: "small language",
  module: import.meta.url,
  description:
    "a language of 67 words in which a tiny transformer reviews goods; the gold reward " +
    "of every response is known",
  defaults: defaultSetting,
  texts: settingTexts,
  sera: (setting) => ({
    ...tunedPlain("dpo", setting),
    steps: 80,
    batch: 32,
    schedule: "constant",
    warmup: 0,
    bootstrap: { maxNewTokens: maxResponseTokens(setting.clauses), batch: DECODE_BATCH },
    maxRows: MAX_ROWS,
  }),
  smoke: {
    setting: {
      ...{ heldOutPrompts: 30, samplesPerPrompt: 4, pairs: 400 },
      ...{ layers: 1, sftSentences: 4000, sftSteps: 200, sftBatch: 64, sftLearningRate: 5e-3 },
    },
    sera: { steps: 20 },
  },
  shared: sftKey,
  makeShared: async (setting, seed, { cache }) =>
    (await openSftModel(setting, seed, cache)).dispose(),
  prepare,
};

export { smallLanguage as environment };

async function prepare(
  setting: SmallLanguageSetting,
  seed: number,
  { cache }: EnvironmentContext,
): Promise<PreparedEnvironment> {
  const { sft, split, heldOutSamples, offlineSamples } = await sftAssets(setting, seed, cache);
  const { clauses, samplesPerPrompt } = setting;
  const policy = sft.clone();
  return {
    policy,
    reference: sft,
    pairs: offlinePreferences(setting, seed, offlineSamples, split),
    heldOut: heldOutPreferences(heldOutSamples, split, setting),
    prompts: split.train.map((prompt) => prompt.ids),
    stopTokenIds: [EOS_ID],
    evaluation: {
      prompts: split.heldOut.map((prompt) => prompt.ids),
      samplesPerPrompt,
      maxNewTokens: maxResponseTokens(clauses),
      batch: DECODE_BATCH,
      gold: goldOf(setting),
      sftSamples: heldOutSamples,
    },
    text: (ids) => toText(Int32Array.from(ids)),
    dispose: () => policy.dispose(),
  };
}
