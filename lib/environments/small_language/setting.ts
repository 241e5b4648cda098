import { UserError } from "../../errors.ts";
import { fingerprintJson } from "../../files/fingerprint.ts";

/** What a run in the small language depends on besides config and seed. */
export type SmallLanguageSetting = {
  /** Prompts of the 240 that are held out for evaluation. */
  readonly heldOutPrompts: number;
  /** Clauses that the gold reward asks a response for. */
  readonly clauses: number;
  /** Width of the SFT model. */
  readonly hiddenSize: number;
  /** Width of its feed-forward layers. */
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Sentences of the writer that the SFT model learns from. */
  readonly sftSentences: number;
  readonly sftSteps: number;
  /** Sentences per step. */
  readonly sftBatch: number;
  /** Peak learning rate of its cosine schedule. */
  readonly sftLearningRate: number;
  /** Offline pairs N. */
  readonly pairs: number;
  /** Who wrote the offline pairs: the SFT model itself, another writer, or each response any of them. */
  readonly offlineWriter: "sft" | "strong" | "weak" | "mixed";
  /** Bradley-Terry temperature tau of the annotator. */
  readonly labelTemperature: number;
  /** Share of labels flipped after the annotator's draw. */
  readonly flipRate: number;
  /** Which labels are flipped; see `flipWeights`. */
  readonly noise: "uniform" | "small-gap" | "near-ties" | "careless";
  /** Length confound rho: the worth of `LENGTH_UNIT` tokens, in gold reward. */
  readonly lengthConfound: number;
  /** Where length has that worth; see `labelConfig`. */
  readonly confoundOn: "all" | "near-ties" | "annotator" | "reward";
  /** Samples to each held-out prompt after every iteration. */
  readonly samplesPerPrompt: number;
};

/** Who may have written the offline pairs. */
const offlineWriters: readonly SmallLanguageSetting["offlineWriter"][] = [
  "sft",
  "strong",
  "weak",
  "mixed",
];
/** Which labels may be flipped. */
const noiseKinds: readonly SmallLanguageSetting["noise"][] = [
  "uniform",
  "small-gap",
  "near-ties",
  "careless",
];
/** What length may be worth something for. */
const confoundKinds: readonly SmallLanguageSetting["confoundOn"][] = [
  "all",
  "near-ties",
  "annotator",
  "reward",
];

/** @throws {UserError} on a writer, a kind of noise or a place of the confound that is not there */
export function checkKinds({ offlineWriter, noise, confoundOn }: SmallLanguageSetting): void {
  const check = (name: string, value: string, choices: readonly string[]) => {
    if (choices.includes(value)) return;
    throw new UserError(`setting: ${name} is "${value}"; it must be one of ${choices.join(", ")}`);
  };
  check("offlineWriter", offlineWriter, offlineWriters);
  check("noise", noise, noiseKinds);
  check("confoundOn", confoundOn, confoundKinds);
}

/** Frozen before any published seed ran; `experiments/studies/tuning.md` says how it was chosen. */
export const defaultSetting: SmallLanguageSetting = {
  heldOutPrompts: 60,
  clauses: 3,
  hiddenSize: 64,
  intermediateSize: 128,
  layers: 2,
  heads: 4,
  sftSentences: 12_000,
  sftSteps: 800,
  sftBatch: 96,
  sftLearningRate: 3e-3,
  pairs: 2000,
  offlineWriter: "sft",
  labelTemperature: 0.25,
  flipRate: 0.2,
  noise: "uniform",
  lengthConfound: 0,
  confoundOn: "all",
  samplesPerPrompt: 10,
};

/** What each part is, with its unit. */
export const settingTexts: Readonly<Record<keyof SmallLanguageSetting, string>> = {
  heldOutPrompts: "prompts of the 240 held out for evaluation",
  clauses: "clauses that the gold reward asks a response for",
  hiddenSize: "width of the SFT model",
  intermediateSize: "width of its feed-forward layers",
  layers: "layers of the SFT model",
  heads: "attention heads per layer",
  sftSentences: "sentences that the SFT model learns from",
  sftSteps: "optimiser steps of SFT",
  sftBatch: "sentences per SFT step",
  sftLearningRate: "peak learning rate of SFT",
  pairs: "offline preference pairs",
  offlineWriter: "who wrote the offline pairs",
  labelTemperature: "Bradley-Terry temperature of the annotator, in gold reward",
  flipRate: "share of labels flipped after the annotator's draw",
  noise: "which labels are flipped",
  lengthConfound: "worth of length, gold reward per 2.5 tokens",
  confoundOn:
    "where length has that worth: in all labels, in near-ties, for one annotator in five, " +
    "or in the gold reward itself",
  samplesPerPrompt: "samples to each held-out prompt after every iteration",
};

/** Changes whenever the code trains another model for an unchanged setting: cached ones then stand apart. */
const SFT_VERSION = 1;

/** Names what the SFT model depends on: runs with one key share one model. */
export function sftKey(setting: SmallLanguageSetting, seed: number): string {
  const { heldOutPrompts, clauses, hiddenSize, intermediateSize, layers, heads } = setting;
  const { sftSentences, sftSteps, sftBatch, sftLearningRate } = setting;
  return fingerprintJson({
    ...{
      version: SFT_VERSION,
      seed,
      heldOutPrompts,
      clauses,
      hiddenSize,
      intermediateSize,
      layers,
      heads,
    },
    ...{ sftSentences, sftSteps, sftBatch, sftLearningRate },
  });
}
