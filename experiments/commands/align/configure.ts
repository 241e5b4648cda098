import { parseChoice } from "../../../lib/cli/option.ts";
import { UserError } from "../../../lib/errors.ts";
import { lossConfigFromOptions } from "../../../lib/losses/loss_config.ts";
import type { LossOptions } from "../../../lib/losses/loss_config.ts";
import { LORA_MODULES, type LoraConfig } from "../../../lib/policy/lora.ts";
import type { SelectionRule } from "../../../lib/selection/selection_rule.ts";
import { DEFAULT_ADAMW } from "../../../lib/training/adamw.ts";
import type { SeraConfig } from "../../../lib/sera/config.ts";
import type { AlignOptions } from "./options.ts";

/** The run's configuration from the command line; `pairs` is the number of training pairs. */
export function configure(options: AlignOptions, pairs: number): SeraConfig {
  if (options.crossFit !== undefined && options.reference === "previous") {
    throw new UserError(
      "--cross-fit needs --reference sft: the previous policy has seen every pair",
    );
  }
  const steps = options.steps ?? Math.ceil(pairs / options.batch);
  const bootstraps = options.method === "sera" || options.method === "bootstrap";
  const onPolicyPairs = Math.max(1, Math.round(options.onPolicy * pairs));
  return {
    loss: lossConfigFromOptions(options.loss, {
      ...lossOptions(options.lossOptions),
      ...(options.beta === undefined ? {} : { beta: options.beta }),
    }),
    nllAlpha: options.nll,
    iterations: options.iterations,
    stepsPerIteration: steps,
    batchPairs: options.batch,
    learningRate: options.lr ?? (options.full ? 1e-6 : 1e-4),
    schedule: options.schedule,
    warmupSteps: Math.floor(options.warmup * steps),
    optimiser: {
      ...DEFAULT_ADAMW,
      weightDecay: options.weightDecay,
      maxGradNorm: options.maxGradNorm,
    },
    selection: selectionRule(options),
    ensemble: {
      weighting: options.weighting,
      gamma: options.gamma,
      window: options.window,
    },
    ...(options.crossFit === undefined ? {} : { crossFit: options.crossFit }),
    onPolicy: bootstraps
      ? {
        prompts: Math.ceil(options.promptFactor * onPolicyPairs),
        pairs: onPolicyPairs,
        responses: options.responses,
        temperature: options.temperature,
        topP: options.topP,
        topK: 0,
        maxNewTokens: options.maxNewTokens,
        batch: Math.max(32, options.responses),
      }
      : null,
    relabel: false,
    reference: options.reference,
    initial: options.initial,
    maxRows: options.maxRows,
  };
}

/** LoRA's settings, or undefined for full fine-tuning. */
export function configureLora(options: AlignOptions): LoraConfig | undefined {
  if (options.full) return undefined;
  const targetModules = options.targets === "all-linear"
    ? LORA_MODULES
    : options.targets.split(",").map((name) => name.trim());
  for (const name of targetModules) parseChoice(name, "--targets", LORA_MODULES);
  return {
    rank: options.rank,
    alpha: options.loraAlpha ?? 2 * options.rank,
    dropout: options.dropout,
    targetModules,
  };
}

function selectionRule(options: AlignOptions): SelectionRule {
  const { method, keep, rule, tau, flipLabels } = options;
  if (rule === "oracle" && flipLabels === 0) {
    throw new UserError("--rule oracle needs known flips: give --flip-labels too");
  }
  switch (method) {
    case "sera":
    case "select":
      return rule === "threshold" ? { rule, tau } : { rule, keep: { fraction: keep } };
    case "random":
      return { rule: "random", keep: { fraction: keep } };
    case "plain":
    case "bootstrap":
      return { rule: "all" };
  }
}

/** `eps=0.1,average=true` as values. */
function lossOptions(text: string | undefined): LossOptions {
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
