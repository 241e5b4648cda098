/** Long work of a notebook, done by a child process that the cell watches. */
import { TextLineStream } from "./lines.ts";
import { messageOf, UserError } from "../errors.ts";
import { currentKernel, type Kernel } from "./kernel.ts";
import { type Progress, progressBar } from "./progress.ts";

/** A child process that writes one JSON object a line: `{"done": 3, "total": 30, "label": "..."}`. */
export interface FollowedProcess {
  /** Arguments of deno, e.g. `["run", "-A", "experiments/run.ts", "--json"]`. */
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Variables over those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the progress bar. */
  readonly title: string;
  /** Called with every line of progress, e.g. to redraw a figure. */
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
}

/** What a JSON line says about progress, or undefined for any other line. */
export function parseProgress(line: string): Progress | undefined {
  if (!line.startsWith("{")) return undefined;
  let value: Partial<Progress>;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return Number.isFinite(value.done) && Number.isFinite(value.total)
    ? value as Progress
    : undefined;
}

/**
 * Runs the child to its end and draws its progress. The child writes its own records, so an
 * interrupted or restarted notebook loses nothing: running the cell again goes on from there.
 *
 * @returns the last progress; 0 of 0 where the child told none.
 * @throws UserError where the child fails, with the last lines of its error output.
 */
export async function followProcess(
  followed: FollowedProcess,
  kernel: Kernel = currentKernel(),
): Promise<Progress> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...followed.args],
    ...(followed.cwd === undefined ? {} : { cwd: followed.cwd }),
    env: { NO_COLOR: "1", ...followed.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = tail(child.stderr, 12);
  const bar = await progressBar(followed.title, kernel);
  let last: Progress = { done: 0, total: 0 };
  try {
    for await (const line of child.stdout.pipeThrough(new TextLineStream())) {
      const progress = parseProgress(line);
      if (progress === undefined) continue;
      last = progress;
      bar.update(progress);
      await followed.onProgress?.(progress);
    }
    if (last.total === 0) bar.update(last);
  } finally {
    await bar.close();
  }
  const { success, code } = await child.status;
  const lines = await errors;
  if (!success) {
    throw new UserError(
      `${followed.title}: the process "deno ${followed.args.join(" ")}" ended with code ${code}; ` +
        `its last lines: ${lines.join(" | ") || "none"}`,
    );
  }
  return last;
}

async function tail(stream: ReadableStream<Uint8Array>, count: number): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const line of stream.pipeThrough(new TextLineStream())) {
      lines.push(line);
      if (lines.length > count) lines.shift();
    }
  } catch (error) {
    lines.push(messageOf(error));
  }
  return lines;
}
