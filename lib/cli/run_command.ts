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
 * says, 130 after Ctrl-C, 143 after a request to terminate. Errors that nobody awaited end it too.
 *
 * A signal is heard when the event loop runs: long computations must await now and then.
 *
 * @param main gets the command-line arguments; a number that it returns is the exit code
 */
export async function runCommand(
  main: (args: readonly string[]) => void | number | Promise<void | number>,
  options: RunCommandOptions = {},
): Promise<never> {
  const fail = (error: unknown): never => end(outcomeOf(error), options);
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error);
  });
  const interrupted = options.interrupted ?? "run the same command again to continue";
  for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    if (Deno.build.os === "windows" && signal === "SIGTERM") continue;
    Deno.addSignalListener(
      signal,
      () => end({ exitCode, stderr: `\ninterrupted: ${interrupted}\n` }, options),
    );
  }
  try {
    Deno.exit(await main(Deno.args) ?? 0);
  } catch (error) {
    return fail(error);
  }
}

function end(outcome: CommandOutcome, options: RunCommandOptions): never {
  try {
    options.beforeExit?.();
    write(Deno.stdout, outcome.stdout);
    write(Deno.stderr, outcome.stderr);
  } catch {
    // Whoever listened is gone; the exit code still tells.
  }
  Deno.exit(outcome.exitCode);
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string | undefined): void {
  const bytes = new TextEncoder().encode(text ?? "");
  for (let offset = 0; offset < bytes.length;) offset += stream.writeSync(bytes.subarray(offset));
}
