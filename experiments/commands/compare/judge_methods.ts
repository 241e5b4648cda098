import { join } from "node:path";
import { readSamples } from "../../../lib/environments/preference_file/kept_samples.ts";
import { UserError } from "../../../lib/errors.ts";
import { acquireRunLock } from "../../../lib/files/run_lock.ts";
import type { Comparison } from "../../../lib/judges/comparison.ts";
import type { MethodVerdicts } from "../../../lib/judges/judged_methods.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import type { PlannedCell } from "../../../lib/study/plan.ts";
import type { Judging, OpenedJudge } from "../judge_comparisons.ts";

/** A method's answers beside the baseline's, of one seed. */
interface Matched {
  readonly arm: string;
  readonly baseline: string;
  readonly seed: number;
  readonly comparisons: readonly Comparison[];
}

/** Verdicts on the methods' answers, and what they took. */
export interface MethodsJudged {
  readonly methods: readonly MethodVerdicts[];
  readonly judging: Judging;
}

/**
 * Has the last policies' answers to held-out prompts judged: every method's against the first
 * method's of the same seed. Replies are kept in `<out>/judge/replies.jsonl`.
 *
 * @param plan the runs; their texts lie in `samples`, those of runs that ended early too
 * @param finished hashes of the runs that came to their end
 * @throws {UserError} where no texts were kept, or as the judge throws
 */
export async function judgeMethods(
  judge: OpenedJudge,
  plan: readonly PlannedCell[],
  { finished, out, samples }: {
    readonly finished: { has(hash: string): boolean };
    readonly out: string;
    readonly samples: string;
  },
  progress: ProgressSink,
): Promise<MethodsJudged> {
  const matched = match(plan.filter(({ hash }) => finished.has(hash)), plan[0]?.arm, samples);
  const comparisons = matched.flatMap((each) => each.comparisons);
  if (comparisons.length === 0) {
    throw new UserError(
      `${samples} holds no answers of two methods to judge: two methods must be compared, with ` +
        "--evaluation-prompts above 0; runs of an earlier version kept none, so choose another --out",
    );
  }
  const folder = join(out, "judge");
  Deno.mkdirSync(folder, { recursive: true });
  const judging = await judgeAlone(judge, comparisons, folder, progress);
  let at = 0;
  const parts = matched.map(({ comparisons, ...each }) => {
    const judged = judging.judged.slice(at, at + comparisons.length);
    at += comparisons.length;
    return { ...each, judged };
  });
  const methods = [...Map.groupBy(parts, ({ arm }) => arm)].map(([arm, ofArm]) => ({
    ...{ arm, baseline: ofArm[0]?.baseline ?? "" },
    bySeed: new Map(ofArm.map(({ seed, judged }) => [seed, judged])),
  }));
  return { methods, judging };
}

/** Only one process at a time asks: two would pay for the same replies. */
async function judgeAlone(
  judge: OpenedJudge,
  comparisons: readonly Comparison[],
  folder: string,
  progress: ProgressSink,
): Promise<Judging> {
  const lock = acquireRunLock(folder);
  try {
    return await judge.judge(comparisons, join(folder, "replies.jsonl"), progress);
  } finally {
    lock.release();
  }
}

function match(
  plan: readonly PlannedCell[],
  baseline: string | undefined,
  folder: string,
): Matched[] {
  const answers = new Map(
    plan.map(({ hash }) => [hash, readSamples(join(folder, `${hash}.json`))]),
  );
  return plan.flatMap(({ arm, seed, hash }): Matched[] => {
    if (arm === baseline || baseline === undefined) return [];
    const other = plan.find((cell) => cell.arm === baseline && cell.seed === seed);
    const [ours, theirs] = [answers.get(hash), other && answers.get(other.hash)];
    if (ours === undefined || theirs === undefined) return [];
    const comparisons = ours.flatMap(({ prompt, responses }, p) =>
      responses.flatMap((answer, r): Comparison[] => {
        const against = theirs[p]?.responses[r];
        if (against === undefined || theirs[p]?.prompt !== prompt) return [];
        const id = `${arm} seed ${seed} prompt ${p} sample ${r}`;
        return [{ id, index: p, group: null, instruction: prompt, answer, baseline: against }];
      })
    );
    return [{ arm, baseline, seed, comparisons }];
  });
}
