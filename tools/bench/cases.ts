/** What is measured: the work of each case, and the goal as time of ours / time of PyTorch. */
import type { ModelConfig } from "../../lib/policy/config.ts";

/** The letters of the cases. */
export const CASE_IDS = ["a", "b", "c", "d", "e", "f"] as const;
/** A case's letter. */
export type CaseId = typeof CASE_IDS[number];

/** Lengths of the made-up pairs in tokens, drawn uniformly: [least, most]. */
export interface PairShape {
  readonly pairs: number;
  readonly prompt: readonly [number, number];
  readonly completion: readonly [number, number];
}

/** Sizes of the preference bootstrapping in case f. */
export interface OnPolicyShape {
  readonly prompts: number;
  readonly responses: number;
  readonly newTokens: number;
  /** Offline pairs that selection keeps. */
  readonly kept: number;
}

/** Sizes of `generate`. */
export interface GenerationShape {
  /** Responses decoded side by side: all of them. */
  readonly batch: number;
  readonly responses: number;
  readonly newTokens: number;
}

/** The work that both sides do. */
export interface Workload {
  /** `step`: one optimiser step; the other kinds are named for what they do. */
  readonly kind: "step" | "score" | "generate" | "iteration";
  /** A random model of this shape, or SmolLM2-135M-Instruct. */
  readonly model: ModelConfig | "smollm2";
  /** Rank of LoRA adapters on all linear layers; 0: all weights train. */
  readonly loraRank: number;
  /** TRL's DPOTrainer on the other side, not a plain PyTorch loop. */
  readonly trl: boolean;
  readonly pairs: PairShape;
  /** Optimiser steps in one turn of kind `step`; the time is of one. Default 1. */
  readonly steps?: number;
  readonly onPolicy?: OnPolicyShape;
  readonly generation?: GenerationShape;
  readonly learningRate: number;
}

/** One case. */
export interface BenchCase {
  readonly id: CaseId;
  readonly title: string;
  /** The title in the plot. */
  readonly label: string;
  /** Largest accepted time of ours / time of PyTorch. */
  readonly goal: number;
  /** What one repetition handles, for rates: pairs or tokens. */
  readonly unit: "pair" | "token";
  readonly count: number;
  readonly work: Workload;
}

/** A decoder of this width and depth, feed-forward width 3 D, heads of 16 or 32. */
export function decoder(
  width: number,
  layers: number,
  context: number,
  vocab: number,
): ModelConfig {
  const headDim = width < 128 ? 16 : 32;
  return {
    vocabSize: vocab,
    hiddenSize: width,
    intermediateSize: 3 * width,
    layers,
    heads: width / headDim,
    kvHeads: width / headDim,
    headDim,
    ropeTheta: 10_000,
    rmsNormEps: 1e-5,
    maxPositions: context,
    tieEmbeddings: true,
  };
}

/** Every sequence has exactly the context's length, a quarter of it prompt: padding costs nothing. */
export function fullPairs(pairs: number, context: number): PairShape {
  const prompt = context / 4;
  return {
    pairs,
    prompt: [prompt, prompt],
    completion: [context - prompt, context - prompt],
  };
}

/** Pairs as data sets have them: lengths differ. */
function mixedPairs(pairs: number): PairShape {
  return { pairs, prompt: [8, 24], completion: [4, 36] };
}

/** The cases, smaller with `quick`. */
export function benchCases(quick: boolean): BenchCase[] {
  const scored = quick ? 32 : 256;
  const iteration = quick ? 16 : 64;
  const onPolicy = quick
    ? { prompts: 4, responses: 4, newTokens: 16, kept: 12 }
    : { prompts: 8, responses: 4, newTokens: 32, kept: 40 };
  const generation = { batch: 16, newTokens: quick ? 16 : 48, responses: 1 };
  const smollm2 = { model: "smollm2", loraRank: 16, trl: true, learningRate: 1e-4 } as const;
  return [
    {
      id: "a",
      title: "DPO step, D 64, 3 layers, T 32, V 80, 64 pairs",
      label: "tiny DPO step",
      goal: 0.8,
      unit: "pair",
      count: 64,
      work: {
        kind: "step",
        model: decoder(64, 3, 32, 80),
        loraRank: 0,
        trl: false,
        pairs: fullPairs(64, 32),
        steps: 20,
        learningRate: 5e-4,
      },
    },
    {
      id: "b",
      title: "DPO step, D 128, 4 layers, T 64, V 256, 32 pairs",
      label: "small DPO step",
      goal: 1,
      unit: "pair",
      count: 32,
      work: {
        kind: "step",
        model: decoder(128, 4, 64, 256),
        loraRank: 0,
        trl: false,
        pairs: fullPairs(32, 64),
        steps: 8,
        learningRate: 5e-4,
      },
    },
    {
      id: "c",
      title: "LoRA DPO step, SmolLM2-135M, T 64, 8 pairs (TRL)",
      label: "LoRA DPO step",
      goal: 0.8,
      unit: "pair",
      count: 8,
      work: { ...smollm2, kind: "step", pairs: fullPairs(8, 64) },
    },
    {
      id: "d",
      title: `scoring, SmolLM2-135M, ${scored} pairs`,
      label: "scoring",
      goal: 0.8,
      unit: "pair",
      count: scored,
      work: { ...smollm2, kind: "score", loraRank: 0, trl: false, pairs: mixedPairs(scored) },
    },
    {
      id: "e",
      title: `generation, SmolLM2-135M, batch 16, ${generation.newTokens} tokens`,
      label: "generation",
      goal: 0.8,
      unit: "token",
      count: generation.batch * generation.newTokens,
      work: {
        ...smollm2,
        kind: "generate",
        loraRank: 0,
        trl: false,
        pairs: mixedPairs(0),
        generation,
      },
    },
    {
      id: "f",
      title: `one SeRA iteration, SmolLM2-135M, ${iteration} pairs (TRL)`,
      label: "SeRA iteration",
      goal: 0.6,
      unit: "pair",
      count: iteration,
      work: { ...smollm2, kind: "iteration", pairs: mixedPairs(iteration), onPolicy },
    },
  ];
}

/** Pairs an optimiser step of case f. */
export const STEP_PAIRS = 8;
/** beta of DPO on both sides. */
export const BETA = 0.1;
/** Adapters scale by 2, as `align` does by default. */
export const LORA_ALPHA_PER_RANK = 2;
