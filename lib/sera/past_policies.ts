import type { SeraConfig } from "./config.ts";

/**
 * How many of the newest policies a run reads again, at least 1: those of the ensemble where it
 * judges responses, and the newest alone where only a loss or a shadow goes back to it.
 */
export function pastPolicies({ bootstrap, ensemble }: SeraConfig): number {
  return bootstrap?.judge === "implicit" && ensemble.gamma > 0 ? ensemble.window : 1;
}

/**
 * Copies of the trained weights that a run holds during an update beside those of the update itself,
 * where its store is memory: past policies from the second on, shadows, the reward model, and what is
 * put back after these.
 */
export function heldPolicies(config: SeraConfig): number {
  const { iterations, crossFit, rewardModel } = config;
  const past = Math.min(pastPolicies(config), Math.max(0, iterations - 2));
  return past + (crossFit === null ? 0 : crossFit + 1) + (rewardModel === null ? 0 : 2);
}
