/** What a process writes to stderr when it has used its processor time up; no text holds it. */
const OVERDUE = 0x15;

/**
 * Watches how much processor time this process uses, from a thread of its own that goes on whatever
 * the others do, and says on stderr when it was too much. Whoever started this process listens
 * (`whenOverdue`) and ends it.
 */
export class ProcessorWatch {
  readonly #thread: Worker;

  constructor() {
    const code = `
      import process from "node:process";
      const used = () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1e6;
      };
      let end = Infinity;
      onmessage = ({ data: seconds }) => end = used() + seconds;
      setInterval(() => {
        if (used() <= end) return;
        Deno.stderr.writeSync(Uint8Array.of(${OVERDUE}));
        end = Infinity;
      }, 50);`;
    const source = `data:text/javascript,${encodeURIComponent(code)}`;
    this.#thread = new Worker(source, { type: "module" });
  }

  /** From now on this process may use so many processor seconds, all its threads together. */
  begin(seconds: number): void {
    this.#thread.postMessage(seconds);
  }
}

/** Reads the stderr of a process to its end and calls back when it says that it is overdue. */
export async function whenOverdue(
  stderr: ReadableStream<Uint8Array>,
  callback: () => void,
): Promise<void> {
  for await (const chunk of stderr) if (chunk.includes(OVERDUE)) callback();
}
