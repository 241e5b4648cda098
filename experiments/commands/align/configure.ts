import type { OptionValues } from "../../../lib/cli/option.ts";
import {
  defaultPreferenceSetting,
  type PreferenceFileSetting,
} from "../../../lib/environments/preference_file/setting.ts";
import { flipsKnown } from "../../../lib/data/label_noise.ts";
import type { TokenizedPair } from "../../../lib/data/preference.ts";
import { UserError } from "../../../lib/errors.ts";
import type { LossOptions } from "../../../lib/losses/loss_config.ts";
import { ruleFields } from "../../../lib/selection/rule_fields.ts";
import { rankedBy, type SelectionRule } from "../../../lib/selection/selection_rule.ts";
import {
  defaultSeraConfig,
  type LossOptionsOf,
  type SeraOptions,
} from "../../../lib/sera/config.ts";
import { methods } from "../../../lib/sera/methods.ts";
import type { SeraOptionValues } from "./sera_options.ts";
import type { settingOptions } from "./setting_options.ts";

/** The setting that the options stand for. */
export function settingOf(options: OptionValues<typeof settingOptions>): PreferenceFileSetting {
  const given = Object.entries(options).filter(([key, value]) =>
    Object.hasOwn(defaultPreferenceSetting, key) && value !== undefined
  );
  return {
    ...defaultPreferenceSetting,
    wholePrompts: true,
    ...Object.fromEntries(given),
    flipRate: options.flipLabels,
    evaluationDraw: "seeded",
  };
}

/** The changes to the default config that the options stand for. */
export function seraOptionsOf(options: SeraOptionValues): SeraOptions {
  const { iterations, steps = null, batch, lr = null, schedule, warmup, weightDecay } = options;
  const { maxGradNorm, crossFit = null, reference, initial } = options;
  const { maxRows = defaultSeraConfig.maxRows } = options;
  const { weighting, gamma, window, margin } = options;
  const { responses, temperature, topP, topK, promptFactor, judge } = options;
  return {
    ...{ loss: lossOf(options), nllAlpha: options.nll, iterations, steps, batch },
    ...{ learningRate: lr, schedule, warmup, weightDecay, maxGradNorm, crossFit },
    ...{ reference, initial, maxRows },
    selection: selectionOf(options),
    rewardModel: asksRewardModel(options)
      ? { steps: options.rewardSteps ?? null, learningRate: options.rewardLr ?? null }
      : null,
    ...{ margin, ensemble: { weighting, gamma, window } },
    bootstrap: methods[options.method].bootstrap && {
      share: options.onPolicy,
      ...{ responses, temperature, topP, topK, promptFactor, judge },
      batch: options.generationBatch,
    },
  };
}

/** The method's selection rule; `--rule` replaces it where it ranks by margin. */
export function selectionOf(
  { method, rule, keep, tau, by, fixed }: Pick<
    SeraOptionValues,
    "method" | "rule" | "keep" | "tau" | "by" | "fixed"
  >,
): SelectionRule {
  const own = methods[method].selection.rule;
  const name = own === "top" ? rule : own;
  const known: readonly string[] = ruleFields[name];
  const given = { keep, tau, ...(by === "implicit" ? {} : { by }), ...(fixed ? { fixed } : {}) };
  return {
    rule: name,
    ...Object.fromEntries(Object.entries(given).filter(([field]) => known.includes(field))),
  } as SelectionRule;
}

/** @throws {UserError} where the rule needs to know which labels were flipped, and the pairs do not say */
export function refuseUnknownFlips(rule: string, pairs: readonly TokenizedPair[]): void {
  if ((rule === "oracle" || rule === "matched") && !flipsKnown(pairs)) {
    throw new UserError(
      `--rule ${rule} needs known flips: give --flip-labels, or data with "flipped" in every record`,
    );
  }
}

/** Whether the rule or the judge of bootstrapping asks an explicit reward model. */
export function asksRewardModel(options: SeraOptionValues): boolean {
  const by = rankedBy(selectionOf(options));
  return by === "explicit" || by === "explicit-minus-implicit" ||
    (methods[options.method].bootstrap !== null && options.judge === "explicit");
}

function lossOf({ loss, beta, lossOptions }: SeraOptionValues): LossOptionsOf {
  const given = { ...parseLossOptions(lossOptions), ...(beta === undefined ? {} : { beta }) };
  return { name: loss, ...given } as LossOptionsOf; // checked by the config
}

/** `eps=0.1,average=true` as values. */
function parseLossOptions(text: string | undefined): LossOptions {
  if (text === undefined) return {};
  return Object.fromEntries(
    text.split(",").map((item) => {
      const [name, value, ...rest] = item.split("=").map((part) => part.trim());
      if (!name || !value || rest.length > 0) {
        throw new UserError(`--loss-options: "${item}" is not name=value`);
      }
      if (value === "true" || value === "false") return [name, value === "true"];
      const number = Number(value);
      if (!Number.isFinite(number)) {
        throw new UserError(
          `--loss-options: ${name} must be a number, true or false, got ${value}`,
        );
      }
      return [name, number];
    }),
  );
}
