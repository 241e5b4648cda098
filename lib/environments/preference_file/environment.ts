import { UserError } from "../../errors.ts";
import { silentProgress } from "../../progress/progress_sink.ts";
import type { Environment, EnvironmentContext, PreparedEnvironment } from "../environment.ts";
import { loadPreferences } from "./load_preferences.ts";
import { openPreferences } from "./open_preferences.ts";
import {
  defaultPreferenceSetting,
  type PreferenceFileSetting,
  preferenceSettingTexts,
} from "./setting.ts";

/** An environment that needs no folder of its own: scripts may prepare a run without a context. */
export interface PreferenceFileEnvironment extends Environment<PreferenceFileSetting> {
  /** Needs a loaded engine, and a setting with the fingerprints of `preferenceSetting`. */
  prepare(
    setting: PreferenceFileSetting,
    seed: number,
    context?: Partial<EnvironmentContext>,
  ): Promise<PreparedEnvironment>;
}

/** Any model with any preference file: held-out accuracy and margin, flips kept, length, KL. */
export const preferenceFile: PreferenceFileEnvironment = {
  name: "preference file",
  module: import.meta.url,
  description: "a model of one's own with a file of preference pairs; no true reward is known, " +
    "labels may be flipped on request",
  defaults: defaultPreferenceSetting,
  texts: preferenceSettingTexts,
  sera: ({ maxNewTokens }) => ({ bootstrap: { maxNewTokens } }),
  smoke: {
    setting: { limit: 40, maxLength: 128, evaluationPrompts: 4, maxNewTokens: 16 },
    sera: { steps: 3, batch: 4 },
  },
  shared: () => null,
  makeShared: () => Promise.resolve(),
  prepare: async (setting, seed, { progress = silentProgress, samples } = {}) => {
    if (setting.modelSha256 === null || setting.dataSha256 === null) {
      throw new UserError(
        "the setting has no fingerprints of its model and data: make it with " +
          "preferenceSetting({ model, data })",
      );
    }
    return await loadPreferences(await openPreferences(setting, seed, progress), seed, { samples });
  },
};

export { preferenceFile as environment };
