import type { Setting } from "../environments/environment.ts";
import type { LossName } from "../losses/loss_table.ts";
import type { EnsembleWeighting } from "../margins/ensemble.ts";
import type { ScoreName, SelectionRule } from "../selection/selection_rule.ts";
import type { RunConfig } from "./run_config.ts";

/**
 * What a study varies in the method, as values to filter, group and plot by: read from a run's
 * config, so that no name has to be taken apart. The environment's setting stands beside them.
 */
export interface MethodFactors {
  /** Name of the loss. */
  readonly loss: LossName;
  /** null for a loss without one. */
  readonly beta: number | null;
  /** Weight of the NLL anchor. */
  readonly alpha: number;
  /** Iterations T. */
  readonly iterations: number;
  /** Optimiser steps per iteration; null: one epoch. */
  readonly steps: number | null;
  /** Pairs per optimiser step. */
  readonly batch: number;
  /** Peak learning rate; null: the default of LoRA or of full training. */
  readonly learningRate: number | null;
  /** Which offline pairs iterations 2 to T train on. */
  readonly rule: SelectionRule["rule"];
  /** What the rule ranks by, where that is another score than the implicit margin; null else. */
  readonly by: ScoreName | null;
  /** Share of the offline pairs kept: 1 for rules that keep all; null for a count or a threshold. */
  readonly keep: number | null;
  /** How rewards of past policies are averaged. */
  readonly weighting: EnsembleWeighting;
  /** Weight of past policies in that average. */
  readonly gamma: number;
  /** Folds; 0 is off. */
  readonly crossFit: number;
  /** Bootstrapped pairs as a share of the offline pairs; 0 is off. */
  readonly ownShare: number;
  /** Prompts responded to per bootstrapped pair kept; null without bootstrapping. */
  readonly promptFactor: number | null;
  /** Responses per prompt; null without bootstrapping. */
  readonly responses: number | null;
  /** Sampling temperature; null without bootstrapping. */
  readonly temperature: number | null;
}

/** Factors of a run: those of the method, and the setting of an environment where that is known. */
export type Factors<S extends Setting = Setting> = string extends keyof S ? MethodFactors
  : MethodFactors & Omit<S, keyof MethodFactors>;

/** What each factor of the method is. */
export const factorTexts: Readonly<Record<keyof MethodFactors, string>> = {
  loss: "direct alignment loss",
  beta: "strength of the loss",
  alpha: "weight of the NLL anchor (the chosen response's per-token NLL)",
  iterations: "iterations T; the first is a plain update on every pair",
  steps: "optimiser steps per iteration",
  batch: "pairs per optimiser step",
  learningRate: "peak learning rate",
  rule: "which offline pairs iterations 2 to T train on",
  by: "what the rule ranks by instead of the implicit margin",
  keep: "share of the offline pairs kept",
  weighting: "how rewards of past policies are averaged",
  gamma: "weight of past policies in that average",
  crossFit: "folds of cross-fitted margins; 0: the policy's own margins",
  ownShare: "bootstrapped pairs kept, as a share of the offline pairs; 0: none",
  promptFactor: "prompts responded to per bootstrapped pair kept",
  responses: "responses per prompt in bootstrapping",
  temperature: "sampling temperature of bootstrapping",
};

/** The factors of a run's config. */
export function factorsOf<S extends Setting>({ setting, sera }: RunConfig<S>): Factors<S> {
  const { loss, selection, ensemble, bootstrap } = sera;
  const method: MethodFactors = {
    loss: loss.name,
    beta: "beta" in loss ? loss.beta : null,
    alpha: sera.nllAlpha,
    iterations: sera.iterations,
    steps: sera.steps,
    batch: sera.batch,
    learningRate: sera.learningRate,
    rule: selection.rule,
    by: "by" in selection ? selection.by ?? null : null,
    keep: keepShare(selection),
    weighting: ensemble.weighting,
    gamma: ensemble.gamma,
    crossFit: sera.crossFit ?? 0,
    ownShare: bootstrap?.share ?? 0,
    promptFactor: bootstrap?.promptFactor ?? null,
    responses: bootstrap?.responses ?? null,
    temperature: bootstrap?.temperature ?? null,
  };
  return { ...setting, ...method } as Factors<S>;
}

function keepShare(selection: SelectionRule): number | null {
  if (selection.rule === "all" || selection.rule === "relabel") return 1;
  return "keep" in selection && typeof selection.keep === "number" ? selection.keep : null;
}
