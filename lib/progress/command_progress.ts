import { UserError } from "../errors.ts";
import { jsonLinesProgress } from "./json_lines_progress.ts";
import { type ClosableProgress, silentProgress } from "./progress_sink.ts";
import { terminalProgress } from "./terminal_progress.ts";

/**
 * The sink of a command. The variable SERA_PROGRESS chooses: `terminal` (the default, on stderr: a
 * redrawn line, or a line every ten seconds where stderr is no terminal), `json` (lines on stdout,
 * for programs that watch) or `silent`.
 *
 * @throws {UserError} for another value
 */
export function commandProgress(
  choice: string = Deno.env.get("SERA_PROGRESS") || "terminal",
): ClosableProgress {
  switch (choice) {
    case "terminal":
      return terminalProgress({
        write: writerTo(Deno.stderr),
        ...(Deno.stderr.isTerminal() ? { columns } : {}),
      });
    case "json":
      return { ...jsonLinesProgress(writerTo(Deno.stdout)), close: () => {} };
    case "silent":
      return { ...silentProgress, close: () => {} };
    default:
      throw new UserError(`SERA_PROGRESS is "${choice}"; use terminal, json or silent`);
  }
}

function writerTo(stream: { writeSync(bytes: Uint8Array): number }): (text: string) => void {
  const encoder = new TextEncoder();
  return (text) => {
    const bytes = encoder.encode(text);
    try {
      for (let offset = 0; offset < bytes.length;) {
        offset += stream.writeSync(bytes.subarray(offset));
      }
    } catch {
      // Nobody reads any more (a closed terminal, a full pipe): the work goes on.
    }
  };
}

function columns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}
