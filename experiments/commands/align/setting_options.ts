import { ruledOption, switchOption, textOption } from "../../../lib/cli/option.ts";
import {
  defaultPreferenceSetting as setting,
  preferenceSettingRules as rules,
  preferenceSettingTexts as texts,
} from "../../../lib/environments/preference_file/setting.ts";
import {
  chatTemplateOption,
  dataOption,
  limitOption,
  modelOption,
  PAIR_LENGTH_TEXT,
} from "../model_options.ts";

/** Options that make the setting of model and data: defaults, rules and texts are its own. */
export const settingOptions = {
  model: modelOption,
  data: dataOption,
  limit: limitOption("pairs"),
  maxLength: ruledOption({
    flags: "--max-length <n>",
    description: PAIR_LENGTH_TEXT,
    rule: rules.maxLength,
    defaultText: "1024, or the model's context if shorter",
  }),
  chatTemplate: chatTemplateOption,
  heldOut: ruledOption({
    flags: "--held-out <share>",
    description: texts.heldOut,
    rule: rules.heldOut,
    default: setting.heldOut,
  }),
  flipLabels: ruledOption({
    flags: "--flip-labels <share>",
    description: texts.flipRate,
    rule: rules.flipRate,
    default: setting.flipRate,
  }),
  evaluationPrompts: ruledOption({
    flags: "--evaluation-prompts <n>",
    description: texts.evaluationPrompts,
    rule: rules.evaluationPrompts,
    default: setting.evaluationPrompts,
  }),
  samplesPerPrompt: ruledOption({
    flags: "--samples-per-prompt <n>",
    description: texts.samplesPerPrompt,
    rule: rules.samplesPerPrompt,
    default: setting.samplesPerPrompt,
  }),
  maxNewTokens: ruledOption({
    flags: "--max-new-tokens <n>",
    description: texts.maxNewTokens,
    rule: rules.maxNewTokens,
    default: setting.maxNewTokens,
  }),
  full: switchOption({ flags: "--full", description: texts.full }),
  rank: ruledOption({
    flags: "--rank <r>",
    description: texts.rank,
    rule: rules.rank,
    default: setting.rank,
  }),
  loraAlpha: ruledOption({
    flags: "--lora-alpha <number>",
    description: texts.loraAlpha,
    rule: rules.loraAlpha,
    defaultText: "twice the rank",
  }),
  dropout: ruledOption({
    flags: "--dropout <p>",
    description: texts.dropout,
    rule: rules.dropout,
    default: setting.dropout,
  }),
  targets: textOption({
    flags: "--targets <list>",
    description: texts.targets,
    default: setting.targets,
  }),
};
