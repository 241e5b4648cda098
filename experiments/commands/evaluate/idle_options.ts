import { idleFor, type IdleOptions } from "../../../lib/cli/idle_options.ts";
import { idleJudgeOptions } from "../judge_options.ts";
import type { EvaluateOptions } from "./options.ts";

/** Options of `evaluate` without effect beside the others. */
export function idleOptions(options: EvaluateOptions): IdleOptions<keyof EvaluateOptions> {
  const { model, baselineModel, judge } = options;
  const given = model === undefined && baselineModel === undefined;
  const noModel = "answers that are given (no --model, no --baseline-model)";
  const server = judge === "openai" || judge === "anthropic";
  return new Map<keyof EvaluateOptions, string>([
    ...(given ? idleFor(["temperature", "batch", "seed"], noModel) : []),
    // The samples that tell what is fluent are as long as answers, and prompted alike.
    ...(given && judge !== "gold" ? idleFor(["maxNewTokens", "chatTemplate"], noModel) : []),
    ...(server ? idleFor(["maxRows"], `--judge ${judge}`) : []),
    ...idleJudgeOptions(options, `--judge ${judge}`),
  ]);
}
