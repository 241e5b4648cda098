/**
 * A step of set-up that knows when it is done.
 *
 * A step is done when its stamp holds the current key and its outputs exist. The stamp is written
 * last, by rename, so an interrupted step runs again.
 */
import { createHash } from "node:crypto";
import { projectRoot } from "../../lib/engine/layout.ts";

/** Something the machine lacks: the suite goes on without this step's result. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
  constructor(message: string, readonly hint: string) {
    super(message);
  }
}

/** One idempotent part of set-up. */
export interface Step {
  readonly id: string;
  /** What the user reads while it runs. */
  readonly title: string;
  /** Everything the result depends on; another value makes the step run again. */
  key(): string;
  /** Files that must exist for the step to count as done. */
  outputs(): string[];
  /** Does the work; throws `Unavailable` where the machine lacks something. */
  run(say: (line: string) => void): Promise<void>;
}

/** How a step ended, as its stamp says. */
export interface Stamp {
  readonly key: string;
  readonly outcome: "done" | "unavailable";
  /** Why it is unavailable and what to do about it. */
  readonly message?: string;
  readonly hint?: string;
}

const stampFolder = `${projectRoot}.cache/setup`;

/** An hour: how long an unavailable step is left alone unless `deno task setup` asks for it. */
const retryAfterMs = 3_600_000;

/** The stamp a step left, of whatever key. */
export function readStamp(id: string): Stamp | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(`${stampFolder}/${id}.json`)) as Stamp;
  } catch {
    return undefined;
  }
}

/** Whether there is nothing to do; `retry` takes an unavailable step as one to try again. */
export function isSettled(step: Step, retry: boolean): boolean {
  const stamp = readStamp(step.id);
  if (stamp?.key !== step.key()) return false;
  if (stamp.outcome === "done") return step.outputs().every(exists);
  if (retry) return false;
  const { mtime } = Deno.statSync(`${stampFolder}/${step.id}.json`);
  const age = Date.now() - (mtime?.getTime() ?? 0); // below 0 where the clock was set back
  return age >= 0 && age < retryAfterMs;
}

/** Runs a step and stamps its outcome. Errors that are not `Unavailable` count as such, too. */
export async function runStep(step: Step, say: (line: string) => void): Promise<Stamp> {
  removeIfThere(`${stampFolder}/${step.id}.json`);
  let stamp: Stamp;
  try {
    await step.run(say);
    const missing = step.outputs().find((path) => !exists(path));
    if (missing !== undefined) throw new Error(`${missing} was not written`);
    stamp = { key: step.key(), outcome: "done" };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof Unavailable
      ? error.hint
      : "see the lines above; `deno task setup` tries again";
    stamp = { key: step.key(), outcome: "unavailable", message, hint };
  }
  writeWhole(`${stampFolder}/${step.id}.json`, JSON.stringify(stamp, null, 2) + "\n");
  return stamp;
}

/** A short hash of texts and of the contents of files (`file:` before a path). */
export function hashOf(...parts: string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(part.startsWith("file:") ? Deno.readFileSync(part.slice(5)) : part);
    hash.update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/** Writes a file so that a reader sees all of it or nothing. */
export function writeWhole(path: string, text: string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(`${path}.${Deno.pid}.tmp`, text);
  Deno.renameSync(`${path}.${Deno.pid}.tmp`, path);
}

/** Removes a file or folder, there or not. */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
