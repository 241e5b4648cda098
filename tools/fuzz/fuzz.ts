import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../lib/errors.ts";
import { whenOverdue } from "../../lib/files/processor_watch.ts";
import { SilenceTimer } from "../../lib/files/silence_timer.ts";
import { ownPermissions } from "../../lib/runner/own_permissions.ts";
import { linesOf } from "../../lib/runner/lines_of.ts";
import type { CaseReport } from "./child.ts";
import { FAULTS, judge, type Outcome } from "./outcome.ts";
import { type FuzzReader, readers } from "./readers.ts";

/** Processor seconds from which on a case is a hang; `withTimeLimit` tries twice before it stops one. */
const HANG_CPU_S = 1, STOPPED_CPU_S = 2;
/** Seconds by the clock without a word after which the process is ended: processors may be busy. */
const SILENCE_S = 600;
/** Memory that a case may take beside what it takes for each byte of its file. */
const MEMORY_BYTES = 256 << 20, MEMORY_FACTOR = 16;

/** What came of many changed files of one reader. */
export interface FuzzResult {
  readonly reader: string;
  readonly counts: ReadonlyMap<Outcome, number>;
  /** Slowest case, processor seconds. */
  readonly slowest: number;
  readonly faults: readonly CaseReport[];
}

/**
 * Reads `runs` changed files with one reader; equal seeds give equal files.
 *
 * @param keep folder that gets the files of faults, for a regression test
 */
export async function fuzz(
  name: string,
  runs: number,
  seed: number,
  keep?: string,
): Promise<FuzzResult> {
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (reader === undefined) {
    throw new UserError(`--reader ${name}: choose from ${Object.keys(readers).join(", ")}`);
  }
  const counts = new Map<Outcome, number>();
  const faults: CaseReport[] = [];
  let slowest = 0;
  const folder = await Deno.makeTempDir({ prefix: "sera-fuzz-" });
  try {
    for (let next = 0; next < runs;) {
      for await (const report of watch(reader, [name, seed, next, runs, folder])) {
        next = report.index + 1;
        const outcome = report.outcome!;
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        slowest = Math.max(slowest, report.seconds ?? 0);
        if (FAULTS.includes(outcome)) {
          faults.push(report);
          if (keep !== undefined) {
            await Deno.mkdir(join(keep, name), { recursive: true });
            const file = `${seed}-${report.index}-${basename(report.path)}`;
            await Deno.copyFile(report.path, join(keep, name, file));
          }
        }
        await Deno.remove(dirname(report.path), { recursive: true });
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return { reader: name, counts, slowest, faults };
}

/** The cases of one process, until it has done all or ended in one. */
async function* watch(
  reader: FuzzReader,
  args: readonly (string | number)[],
): AsyncGenerator<CaseReport> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "run",
        ...ownPermissions(),
        "--quiet",
        "--no-check",
        "--v8-flags=--max-old-space-size=1024",
      ],
      fileURLToPath(new URL("./child.ts", import.meta.url)),
      ...args.map(String),
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let begun: CaseReport | undefined;
  let cases = 0;
  let stuck = false;
  const end = () => {
    stuck = true;
    child.kill("SIGKILL");
  };
  const watched = whenOverdue(child.stderr, end);
  using silence = new SilenceTimer(SILENCE_S, end);
  silence.heard();
  try {
    for await (const line of linesOf(child.stdout)) {
      silence.heard();
      cases++;
      const report = JSON.parse(line) as CaseReport;
      if (report.outcome === undefined) {
        begun = report;
        continue;
      }
      begun = undefined;
      yield await settle(reader, limited(report));
    }
  } finally {
    await Promise.all([watched, child.status]);
  }
  if (cases === 0) throw new Error(`the process of ${args[0]} does not start: run it by itself`);
  if (begun !== undefined) {
    yield await settle(reader, { ...begun, outcome: stuck ? "hang" : "crash" });
  }
}

/** A case with a limit exceeded is a fault, whatever it came to. */
function limited(report: CaseReport): CaseReport {
  const { size } = Deno.statSync(report.path);
  const most = report.outcome === "stopped" ? STOPPED_CPU_S : HANG_CPU_S;
  if ((report.seconds ?? 0) > most) return { ...report, outcome: "hang" };
  const isGreedy = (report.memory ?? 0) > MEMORY_BYTES + MEMORY_FACTOR * size;
  return isGreedy ? { ...report, outcome: "memory" } : report;
}

/** Where the program reads in a sandbox, the sandbox has to end what hangs or takes all memory. */
async function settle(reader: FuzzReader, report: CaseReport): Promise<CaseReport> {
  const isLimit = ["hang", "memory", "crash"].includes(report.outcome ?? "");
  if (!isLimit || reader.sandboxed === undefined) return report;
  try {
    await reader.sandboxed(report.path);
    return report.outcome === "memory" ? { ...report, outcome: "accepted" } : report;
  } catch (error) {
    const { outcome, message } = judge(error);
    return { ...report, outcome: outcome === "refused" ? "stopped" : outcome, message };
  }
}
