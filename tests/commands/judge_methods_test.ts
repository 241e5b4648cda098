/** What `compare --answer-judge` asks: of runs that came to their end, one process at a time. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { judgeMethods } from "../../experiments/commands/compare/judge_methods.ts";
import { acquireRunLock } from "../../lib/files/run_lock.ts";
import type { Comparison } from "../../lib/judges/comparison.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";

type JudgeArguments = Parameters<typeof judgeMethods>;

const plan = ["plain", "sera"].flatMap((arm) =>
  [0, 1].map((seed) => ({ arm, seed, hash: `${arm}-${seed}` }))
) as unknown as JudgeArguments[1];

/** A judge that remembers what it was asked. */
function recorder(): { judge: JudgeArguments[0]; asked: string[] } {
  const asked: string[] = [];
  const judge = {
    judge: (comparisons: readonly Comparison[]) => {
      asked.push(...comparisons.map(({ id }) => id));
      return Promise.resolve({ judged: comparisons.map((each) => ({ ...each, preference: 1 })) });
    },
  };
  return { judge: judge as unknown as JudgeArguments[0], asked };
}

async function inFolder(use: (out: string, samples: string) => Promise<void>): Promise<void> {
  await withTempDir(async (out) => {
    const samples = join(out, "samples");
    Deno.mkdirSync(samples);
    for (const { arm, hash } of plan) {
      const kept = [{ prompt: "p", responses: [`${arm} a`, `${arm} b`] }];
      Deno.writeTextFileSync(
        join(samples, `${hash}.json`),
        JSON.stringify({ iteration: 3, samples: kept }),
      );
    }
    await use(out, samples);
  });
}

Deno.test("a run that failed left answers of an earlier policy: they are not judged", () =>
  inFolder(async (out, samples) => {
    const all = new Set(plan.map(({ hash }) => hash));
    const whole = recorder();
    await judgeMethods(whole.judge, plan, { finished: all, out, samples }, silentProgress);
    const ids = (seed: number) => [0, 1].map((r) => `sera seed ${seed} prompt 0 sample ${r}`);
    assert.deepEqual(whole.asked, [...ids(0), ...ids(1)]);
    for (const failed of ["sera-0", "plain-0"]) {
      const { judge, asked } = recorder();
      const finished = new Set([...all].filter((hash) => hash !== failed));
      const { methods } = await judgeMethods(
        judge,
        plan,
        { finished, out, samples },
        silentProgress,
      );
      assert.deepEqual(asked, ids(1), failed);
      assert.deepEqual(methods.map(({ arm, bySeed }) => [arm, [...bySeed.keys()]]), [["sera", [
        1,
      ]]]);
    }
  }));

Deno.test("two processes do not pay for the same replies", () =>
  inFolder(async (out, samples) => {
    const finished = new Set(plan.map(({ hash }) => hash));
    Deno.mkdirSync(join(out, "judge"));
    const lock = acquireRunLock(join(out, "judge"));
    const { judge, asked } = recorder();
    const judging = () => judgeMethods(judge, plan, { finished, out, samples }, silentProgress);
    await assertUserError(judging, /judge is being written by/);
    assert.deepEqual(asked, []);
    lock.release();
    await judging();
    assert.equal(asked.length, 4);
  }));
