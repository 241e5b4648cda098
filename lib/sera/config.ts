/** The configuration of an alignment run: one type, one set of defaults, one check. */
import { UserError } from "../errors.ts";
import {
  checkLossConfig,
  defaultLossConfig,
  lossConfigFromOptions,
} from "../losses/loss_config.ts";
import type { LossConfig, LossName } from "../losses/loss_table.ts";
import {
  defaultEnsemble,
  type EnsembleConfig,
  ensembleWeightings,
  ensembleWeights,
} from "../margins/ensemble.ts";
import { type MarginKind, marginKinds } from "../margins/implicit_reward.ts";
import { above0, atLeast0, below1, type NumberRule, share, wholeFrom } from "../number_rule.ts";
import { checkSelectionRule } from "../selection/check_rule.ts";
import { rankedBy, type SelectionRule } from "../selection/selection_rule.ts";
import { type ScheduleName, scheduleNames } from "../training/schedule.ts";

/** Preference bootstrapping: pairs that the policy generates and ranks itself. */
export interface BootstrapConfig {
  /** Pairs kept, k~, as a share of the offline pairs: the largest margins. */
  readonly share: number;
  /** Prompts responded to, drawn anew in each iteration, as a multiple of the pairs kept. */
  readonly promptFactor: number;
  /** Responses per prompt, N. */
  readonly responses: number;
  /** Of the responses. */
  readonly temperature: number;
  /** 1 is off. */
  readonly topP: number;
  /** 0 is off. */
  readonly topK: number;
  /** Tokens; longer responses are truncated, and dropped. */
  readonly maxNewTokens: number;
  /**
   * Responses decoded side by side, at least those of one prompt. Bounds memory; draws are named by
   * the batch and the place in it, so another value is another draw of the responses.
   */
  readonly batch: number;
  /** Who ranks the responses: the ensemble's implicit reward [P], or the explicit reward model. */
  readonly judge: "implicit" | "explicit";
}

/** An explicit reward model: Bradley-Terry on all offline labels, from the SFT model's weights. */
export interface RewardModelConfig {
  /** Optimiser steps; null: as many as an iteration of the policy. */
  readonly steps: number | null;
  /** Peak; null: the policy's. */
  readonly learningRate: number | null;
}

/** Everything that decides an alignment run but the model, the data and the seed. */
export interface SeraConfig {
  /** The direct alignment loss, with its options. */
  readonly loss: LossConfig;
  /** Weight alpha of the chosen response's per-token NLL beside the loss; 0, off, is the paper's. */
  readonly nllAlpha: number;
  /** T. The first is a plain update on every pair. */
  readonly iterations: number;
  /** Optimiser steps per iteration; null: one epoch of the offline pairs. */
  readonly steps: number | null;
  /** Pairs per optimiser step. */
  readonly batch: number;
  /** Peak; null: 1e-4 with LoRA, 1e-6 for all weights. Schedule and optimiser start anew each iteration. */
  readonly learningRate: number | null;
  /** Of the learning rate within an iteration. */
  readonly schedule: ScheduleName;
  /** Share of an iteration's steps that warms up. */
  readonly warmup: number;
  /** Of AdamW, decoupled. */
  readonly weightDecay: number;
  /** Largest gradient norm; 0 is off. */
  readonly maxGradNorm: number;
  /** Which offline pairs iterations t >= 2 train on, and with which labels. */
  readonly selection: SelectionRule;
  /**
   * The implicit reward of selection, bootstrapping and ensemble: the one that the loss optimises
   * [P for DPO], or log pi / pi_SFT, summed or per token [I].
   */
  readonly margin: MarginKind;
  /** For rules and judges that ask an explicit reward model (no part of the paper); null: none. */
  readonly rewardModel: RewardModelConfig | null;
  /** How rewards of past policies are averaged. */
  readonly ensemble: EnsembleConfig;
  /** Folds of cross-fitted margins, at least 2 (no part of the paper); null: the policy's own. */
  readonly crossFit: number | null;
  /** null: no bootstrapping. */
  readonly bootstrap: BootstrapConfig | null;
  /** What the loss measures against: the SFT model, or the previous iteration's policy [I]. */
  readonly reference: "sft" | "previous";
  /** Where the update of an iteration starts: the previous policy, or the SFT model [I]. */
  readonly initial: "previous" | "sft";
  /**
   * Most tokens in one pass: bounds memory, and changes results by rounding alone, but for LoRA
   * dropout: each pass of a batch draws its own masks.
   */
  readonly maxRows: number;
}

/** The config of a run whose pairs and policy are known: nothing is left open. */
export interface ResolvedConfig extends SeraConfig {
  readonly steps: number;
  readonly learningRate: number;
}

/** Bootstrapping where only a part of it is told. */
export const defaultBootstrap: BootstrapConfig = {
  share: 0.3,
  promptFactor: 1.5,
  responses: 4,
  temperature: 1,
  topP: 1,
  topK: 0,
  maxNewTokens: 128,
  batch: 32,
  judge: "implicit",
};

/** A reward model where only a part of it is told. */
export const defaultRewardModel: RewardModelConfig = { steps: null, learningRate: null };

/** SeRA as the paper has it where that is public [P], as the README says where it is not [I]. */
export const defaultSeraConfig: SeraConfig = {
  loss: defaultLossConfig("dpo"),
  nllAlpha: 0,
  iterations: 3,
  steps: null,
  batch: 8,
  learningRate: null,
  schedule: "linear",
  warmup: 0.1,
  weightDecay: 0,
  maxGradNorm: 1,
  selection: { rule: "top", keep: 0.7 },
  margin: "own",
  rewardModel: null,
  ensemble: defaultEnsemble,
  crossFit: null,
  bootstrap: defaultBootstrap,
  reference: "sft",
  initial: "previous",
  maxRows: 4096,
};

/** A loss by name with some of its options. */
export type LossOptionsOf = {
  [Name in LossName]: { readonly name: Name } & Partial<Extract<LossConfig, { name: Name }>>;
}[LossName];

/** Changes to a config; everything may be left out. */
export interface SeraOptions
  extends Partial<Omit<SeraConfig, "loss" | "ensemble" | "bootstrap" | "rewardModel">> {
  /** Another name starts from that loss's defaults; the same name changes options. */
  readonly loss?: LossOptionsOf;
  /** Changes what it names. */
  readonly ensemble?: Partial<EnsembleConfig>;
  /** An object switches bootstrapping on and changes what it names. */
  readonly bootstrap?: Partial<BootstrapConfig> | null;
  /** An object switches the reward model on and changes what it names. */
  readonly rewardModel?: Partial<RewardModelConfig> | null;
}

/**
 * The default config with changes, later ones over earlier ones.
 *
 * @throws {UserError} naming the first field whose value is not accepted, and what it must be
 */
export function seraConfig(...changes: readonly SeraOptions[]): SeraConfig {
  const config = changes.reduce<SeraConfig>(withOptions, defaultSeraConfig);
  checkSeraConfig(config);
  return config;
}

function withOptions(config: SeraConfig, options: SeraOptions): SeraConfig {
  const { loss, ensemble = {}, bootstrap, rewardModel, ...rest } = options;
  return {
    ...merged("a config", config, rest),
    loss: loss === undefined ? config.loss : lossOf(config.loss, loss),
    ensemble: merged("ensemble", config.ensemble, ensemble),
    bootstrap: bootstrap === undefined
      ? config.bootstrap
      : bootstrap && merged("bootstrap", config.bootstrap ?? defaultBootstrap, bootstrap),
    rewardModel: rewardModel === undefined
      ? config.rewardModel
      : rewardModel && merged("rewardModel", config.rewardModel ?? defaultRewardModel, rewardModel),
  };
}

function merged<T extends object>(what: string, current: T, changes: Partial<T>): T {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const unknown = given.find(([key]) => !Object.hasOwn(current, key));
  if (unknown !== undefined) {
    throw new UserError(
      `${what} has no field "${unknown[0]}"; its fields are ${Object.keys(current).join(", ")}`,
    );
  }
  return { ...current, ...Object.fromEntries(given) };
}

function lossOf(current: LossConfig, { name, ...options }: LossOptionsOf): LossConfig {
  const { name: currentName, ...kept } = current;
  return lossConfigFromOptions(name, name === currentName ? { ...kept, ...options } : options);
}

/** What each number of a config must be: `--help` and config files say it in the same words. */
export const seraRules = {
  nllAlpha: atLeast0,
  iterations: wholeFrom(1),
  steps: wholeFrom(1),
  batch: wholeFrom(1),
  learningRate: above0,
  warmup: below1,
  weightDecay: atLeast0,
  maxGradNorm: atLeast0,
  crossFit: wholeFrom(2),
  maxRows: wholeFrom(1),
  "rewardModel.steps": wholeFrom(1),
  "rewardModel.learningRate": above0,
  "bootstrap.share": above0,
  "bootstrap.promptFactor": { text: "at least 1", accepts: (value) => value >= 1 },
  "bootstrap.responses": wholeFrom(2),
  "bootstrap.temperature": above0,
  "bootstrap.topP": share,
  "bootstrap.topK": wholeFrom(0),
  "bootstrap.maxNewTokens": wholeFrom(1),
  "bootstrap.batch": wholeFrom(1),
} as const satisfies Readonly<Record<string, NumberRule>>;

/** Fields that may be null. */
const optional = [
  ...["steps", "learningRate", "crossFit"],
  ...["rewardModel.steps", "rewardModel.learningRate"],
];

/** @throws {UserError} naming the first field whose value is not accepted, and what it must be */
export function checkSeraConfig(config: SeraConfig): void {
  const { loss, ensemble, selection, bootstrap, schedule, reference, initial, crossFit } = config;
  checkLossConfig(loss);
  ensembleWeights(1, ensemble);
  checkChoice("ensemble.weighting", ensemble.weighting, ensembleWeightings);
  checkSelectionRule(selection);
  checkChoice("margin", config.margin, marginKinds);
  if (bootstrap !== null) {
    checkChoice("bootstrap.judge", bootstrap.judge, ["implicit", "explicit"]);
  }
  checkChoice("schedule", schedule, scheduleNames);
  checkChoice("reference", reference, ["sft", "previous"]);
  checkChoice("initial", initial, ["sft", "previous"]);
  for (const [name, { text, accepts }] of Object.entries<NumberRule>(seraRules)) {
    const [first, second] = name.split(".") as [keyof SeraConfig, string | undefined];
    const part: unknown = config[first];
    if (second !== undefined && part === null) continue; // switched off
    const value = second === undefined ? part : (part as Record<string, unknown>)[second];
    if (value === null && optional.includes(name)) continue;
    if (typeof value !== "number" || !Number.isFinite(value) || !accepts(value)) {
      throw new UserError(`config: ${name} is ${JSON.stringify(value)}; it must be ${text}`);
    }
  }
  checkNeeds(config);
  if (crossFit !== null && reference === "previous") {
    throw new UserError(
      'config: crossFit needs reference "sft": the previous policy has seen every pair',
    );
  }
}

/** @throws {UserError} where a rule or judge asks models that the config does not train */
function checkNeeds({ selection, bootstrap, rewardModel, crossFit }: SeraConfig): void {
  const by = rankedBy(selection);
  if (crossFit === null && (by === "votes" || by === "lossdiff-irm")) {
    throw new UserError(`config: selection by ${by} needs crossFit: the number of folds`);
  }
  if (rewardModel !== null) return;
  const asks = by === "explicit" || by === "explicit-minus-implicit"
    ? `selection by ${by}`
    : bootstrap?.judge === "explicit"
    ? "bootstrap.judge explicit"
    : null;
  if (asks === null) return;
  throw new UserError(
    `config: ${asks} needs rewardModel, which is null: {} trains one as the policy is`,
  );
}

function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value)) {
    throw new UserError(`config: ${name} is "${value}"; it must be one of ${choices.join(", ")}`);
  }
}
