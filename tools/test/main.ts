/**
 * The gate: static checks, unit tests, end-to-end tests. Its last line is `N passed, N failed`.
 *
 * deno task test [part of a path] [--fast]
 */
import { parseArgs } from "node:util";
import { messageOf } from "../../lib/errors.ts";
import { type JobResult, runJob } from "./job.ts";
import { checks, testFiles } from "./jobs.ts";

const help = `deno task test [part of a test file's path] [--fast]

  part of a path  only the test files whose path contains it, no static checks
  --fast          leave the end-to-end tests out
  --jobs N        processes at a time (default: one for each core, 4 at most)`;

/** Runs everything and returns the exit code. */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      fast: { type: "boolean", default: false },
      jobs: { type: "string", default: String(Math.min(4, navigator.hardwareConcurrency)) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const workers = Number(values.jobs);
  if (!Number.isInteger(workers) || workers < 1) {
    throw new Error(`--jobs ${values.jobs}: use 1 or more`);
  }
  const filter = positionals[0];
  const queue = [...(filter === undefined ? checks() : []), ...testFiles(filter, values.fast)];
  if (queue.length === 0) throw new Error(`no test file's path contains "${filter}"`);

  const threads = Math.max(1, Math.floor(navigator.hardwareConcurrency / workers));
  const scratch = await Deno.makeTempDir({ prefix: "sera-test-" });
  const results: JobResult[] = [];
  const worker = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const result = await runJob(job, threads, scratch);
      results.push(result);
      report(result);
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, worker));
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return summarise(results);
}

function report({ job, passed, failures, skipped, seconds, output }: JobResult): void {
  const counts = job.kind === "check" ? "" : `, ${passed} passed, ${failures.length} failed`;
  const skips = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
  const mark = failures.length === 0 ? "ok  " : "FAIL";
  const text = `${mark}  ${job.name} (${seconds.toFixed(1)} s${counts}${skips})`;
  console.log(failures.length === 0 ? text : `${text}\n${output.trimEnd()}\n`);
}

function summarise(results: JobResult[]): number {
  const failures = results.flatMap((result) =>
    result.failures.map((name) => result.job.name === name ? name : `${result.job.name}: ${name}`)
  );
  const skipped = results.flatMap((result) => result.skipped);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  for (const name of skipped) console.log(`skipped: ${name}`);
  for (const name of failures) console.log(`failed: ${name}`);
  console.log(`${passed} passed, ${failures.length} failed`);
  return failures.length === 0 && passed > 0 ? 0 : 1;
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(messageOf(error));
  console.log("0 passed, 1 failed");
  Deno.exit(1);
}
