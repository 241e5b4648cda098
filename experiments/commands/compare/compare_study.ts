import { preferenceFile } from "../../../lib/environments/preference_file/environment.ts";
import type { PreferenceFileSetting } from "../../../lib/environments/preference_file/setting.ts";
import { type MethodName, methods } from "../../../lib/sera/methods.ts";
import { defineStudy, type Study } from "../../../lib/study/study.ts";
import { seraOptionsOf } from "../align/configure.ts";
import type { CompareOptions } from "./options.ts";

/** The comparison as a study: an arm a method, in the user's own environment. */
export function comparison(
  options: CompareOptions,
  setting: PreferenceFileSetting,
): Study<PreferenceFileSetting> {
  return defineStudy({
    id: "compare",
    title: `${options.methods.join(", ")} on one's own data`,
    environment: preferenceFile,
    base: { setting },
    arms: options.methods.map((method) => ({
      id: method,
      sera: seraOptionsOf({ ...options, method }),
    })),
  });
}

/** Pairs of the probe, at most. */
const PROBE_PAIRS = 24;

/** Optimiser steps of an iteration of the probe. */
export const PROBE_STEPS = 2;

/** Model and data of the probe: the first pairs of the comparison's. */
export function probeSetting(setting: PreferenceFileSetting): PreferenceFileSetting {
  return {
    ...setting,
    limit: Math.min(setting.limit ?? PROBE_PAIRS, PROBE_PAIRS),
    evaluationPrompts: Math.min(1, setting.evaluationPrompts),
  };
}

/** The method that needs most time and memory: its own pairs may be longer than given ones. */
export function dearestMethod(names: readonly MethodName[]): MethodName {
  const dearest = names.find((name) => methods[name].bootstrap !== null) ?? names[0];
  if (dearest === undefined) throw new Error("a comparison has methods");
  return dearest;
}

/**
 * A short run of the dearest method, to measure what a step, a pair and a response cost here.
 *
 * @param setting the probe's
 */
export function probe(
  options: CompareOptions,
  setting: PreferenceFileSetting,
): Study<PreferenceFileSetting> {
  const method = dearestMethod(options.methods);
  return defineStudy({
    id: "probe",
    title: "what a run costs",
    environment: preferenceFile,
    base: { setting },
    arms: [{
      id: method,
      sera: { ...seraOptionsOf({ ...options, method }), iterations: 2, steps: PROBE_STEPS },
    }],
  });
}
