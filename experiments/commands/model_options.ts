import { choiceOption, pathOption, pathOrHubOption, ruledOption } from "../../lib/cli/option.ts";
import {
  defaultPreferenceSetting,
  preferenceSettingRules,
  preferenceSettingTexts as texts,
} from "../../lib/environments/preference_file/setting.ts";
import { defaultSeraConfig, seraRules } from "../../lib/sera/config.ts";

/** The model that a command works on. */
export const modelOption = pathOrHubOption({
  flags: "--model <path>",
  description: texts.model,
  required: true,
});

/** An adapter on that model. */
export const adapterOption = pathOption({
  flags: "--adapter <dir>",
  description: "PEFT adapter of the model",
});

/** The preference pairs that a command reads. */
export const dataOption = pathOrHubOption({
  flags: "--data <file>",
  description: texts.data,
  required: true,
});

/** What `--max-length` is where pairs are cut. */
export const PAIR_LENGTH_TEXT = `${texts.maxLength}: prompts at their start, as far as their ` +
  "longest answer asks and to no less than half of it, then answers at their end";

/** When plain prompts go through the chat template. */
export const chatTemplateOption = choiceOption({
  flags: "--chat-template <when>",
  description: texts.chatTemplate,
  choices: ["auto", "always", "never"],
  default: defaultPreferenceSetting.chatTemplate,
});

/** Memory bound of log-probabilities and updates. */
export const maxRowsOption = ruledOption({
  flags: "--max-rows <n>",
  description: "most tokens in one pass: bounds memory",
  rule: seraRules.maxRows,
  default: defaultSeraConfig.maxRows,
});

/** How many records of a file are used. */
export function limitOption(what: string) {
  return ruledOption({
    flags: "--limit <N>",
    description: `use the first N ${what}`,
    rule: preferenceSettingRules.limit,
    defaultText: "all",
  });
}
