import { idleFor, type IdleOptions } from "../../../lib/cli/idle_options.ts";
import { idleMethodOptions } from "../align/idle_method_options.ts";
import { idleJudgeOptions, JUDGE_KEYS } from "../judge_options.ts";
import type { CompareOptions } from "./options.ts";

/** Options of `compare` without effect beside the others: in no method's run, or without a judge. */
export function idleOptions(options: CompareOptions): IdleOptions<keyof CompareOptions> {
  const { methods, answerJudge: judge } = options;
  const byMethods = `--methods ${methods.join(",")}`;
  const [first = new Map(), ...others] = methods.map((method) =>
    idleMethodOptions({ ...options, method }, byMethods)
  );
  const ofRuns = [...first].flatMap(([key, reason]) => {
    if (key === "method" || others.some((idle) => !idle.has(key))) return [];
    const reasons = [reason, ...others.map((idle) => idle.get(key) as string)];
    // What is idle by another option in one method may be idle in the others by what they are.
    const telling = reasons.find((each) => !each.startsWith(byMethods)) ?? reason;
    return [[key, telling] as const];
  });
  return new Map<keyof CompareOptions, string>([
    ...ofRuns,
    ...(judge === undefined
      ? idleFor(JUDGE_KEYS, "no judge of answers (no --answer-judge)")
      : idleJudgeOptions({ ...options, judge }, `--answer-judge ${judge}`)),
  ]);
}
