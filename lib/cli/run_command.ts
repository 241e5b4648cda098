import { hangupIgnored, ignoreHangup } from "../processes/hangup.ts";
import { endAllGroups, killAllGroups, runningGroups } from "../processes/process_group.ts";
import { type CommandOutcome, outcomeOf } from "./exit_code.ts";

/** Options of `runCommand`. */
export interface RunCommandOptions {
  /** Called before the process ends early, to leave the terminal tidy (cursor, progress line). */
  readonly beforeExit?: () => void;
  /** What to say on Ctrl-C. Default: that the same command continues. */
  readonly interrupted?: string;
}

/**
 * Runs a command's main function and ends the process with its exit code: 0, or what `outcomeOf`
 * says, 130 after Ctrl-C, 143 after a request to terminate, 129 when its terminal is closed (under
 * nohup it goes on). Errors that nobody awaited end it too. Process groups that it started are ended
 * first, in their grace time; a further signal kills them at once.
 *
 * A signal is heard when the event loop runs: long computations must await now and then.
 *
 * @param main gets the command-line arguments; a number that it returns is the exit code
 */
export async function runCommand(
  main: (args: readonly string[]) => void | number | Promise<void | number>,
  options: RunCommandOptions = {},
): Promise<never> {
  let ending = false;
  // What main does while its groups are ended, failures for want of them too, is no longer heard.
  const end = (exitCode: number, outcome?: CommandOutcome): void => {
    if (ending) return;
    ending = true;
    if (outcome !== undefined) tell(outcome, options.beforeExit);
    exitWithoutGroups(exitCode);
  };
  const fail = (error: unknown): void => {
    const outcome = outcomeOf(error);
    end(outcome.exitCode, outcome);
  };
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error);
  });
  const interrupted = options.interrupted ?? "run the same command again to continue";
  const signals = endingSignals();
  if (!signals.some(([signal]) => signal === "SIGHUP")) ignoreHangup();
  for (const [signal, exitCode] of signals) {
    Deno.addSignalListener(signal, () => {
      if (ending) {
        killAllGroups();
        Deno.exit(exitCode);
      }
      end(exitCode, { exitCode, stderr: `\ninterrupted: ${interrupted}\n` });
    });
  }
  try {
    end(await main(Deno.args) ?? 0);
  } catch (error) {
    fail(error);
  }
  return await new Promise<never>(() => {}); // `end` ends the process
}

/** Signals that end a command, each with its exit code: 128 and its number. */
function endingSignals(): [Deno.Signal, number][] {
  if (Deno.build.os === "windows") return [["SIGINT", 130]];
  const asked: [Deno.Signal, number][] = [["SIGINT", 130], ["SIGTERM", 143]];
  return hangupIgnored() ? asked : [...asked, ["SIGHUP", 129]];
}

/** Exits: now, or when the last process group has ended. */
function exitWithoutGroups(exitCode: number): void {
  const groups = runningGroups();
  if (groups.length === 0) Deno.exit(exitCode);
  tell({ exitCode, stderr: `ending ${groups.join(", ")} (Ctrl-C: at once)\n` });
  endAllGroups().then((left) => {
    tell({ exitCode, stderr: left.map((line) => `warning: ${line}\n`).join("") });
  }).finally(() => Deno.exit(exitCode));
}

function tell({ stdout, stderr }: CommandOutcome, beforeExit?: () => void): void {
  try {
    beforeExit?.();
    write(Deno.stdout, stdout);
    write(Deno.stderr, stderr);
  } catch {
    // Whoever listened is gone; the exit code still tells.
  }
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string | undefined): void {
  const bytes = new TextEncoder().encode(text ?? "");
  for (let offset = 0; offset < bytes.length;) offset += stream.writeSync(bytes.subarray(offset));
}
