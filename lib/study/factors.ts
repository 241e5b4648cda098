import type { Setting } from "../environments/environment.ts";
import type { LossName } from "../losses/loss_table.ts";
import type { EnsembleWeighting } from "../margins/ensemble.ts";
import type { SelectionRule } from "../selection/selection_rule.ts";
import type { RunConfig } from "./run_config.ts";

/**
 * What a study varies in the method, as values to filter, group and plot by: read from a run's
 * config, so that no name has to be taken apart. The environment's setting stands beside them.
 */
export interface MethodFactors {
  readonly loss: LossName;
  /** null for a loss without one. */
  readonly beta: number | null;
  /** Weight of the NLL anchor. */
  readonly alpha: number;
  readonly iterations: number;
  /** null: one epoch. */
  readonly steps: number | null;
  readonly learningRate: number | null;
  readonly rule: SelectionRule["rule"];
  /** Share of the offline pairs kept: 1 for rules that keep all; null for a count or a threshold. */
  readonly keep: number | null;
  readonly weighting: EnsembleWeighting;
  readonly gamma: number;
  /** Folds; 0 is off. */
  readonly crossFit: number;
  /** Bootstrapped pairs as a share of the offline pairs; 0 is off. */
  readonly ownShare: number;
  /** Of bootstrapping; null where it is off. */
  readonly responses: number | null;
  readonly temperature: number | null;
}

/** Factors of a run: those of the method, and the environment's setting. */
export type Factors<S extends Setting = Setting> = MethodFactors & Omit<S, keyof MethodFactors>;

/** The factors of a run's config. */
export function factorsOf<S extends Setting>({ setting, sera }: RunConfig<S>): Factors<S> {
  const { loss, selection, ensemble, bootstrap } = sera;
  return {
    ...setting,
    loss: loss.name,
    beta: "beta" in loss ? loss.beta : null,
    alpha: sera.nllAlpha,
    iterations: sera.iterations,
    steps: sera.steps,
    learningRate: sera.learningRate,
    rule: selection.rule,
    keep: keepShare(selection),
    weighting: ensemble.weighting,
    gamma: ensemble.gamma,
    crossFit: sera.crossFit ?? 0,
    ownShare: bootstrap?.share ?? 0,
    responses: bootstrap?.responses ?? null,
    temperature: bootstrap?.temperature ?? null,
  };
}

function keepShare(selection: SelectionRule): number | null {
  if (selection.rule === "all" || selection.rule === "relabel") return 1;
  return "keep" in selection && typeof selection.keep === "number" ? selection.keep : null;
}
