/** Measures one case: both workers take turns, so that both see the same machine. */
import type { BenchCase } from "./cases.ts";
import { type Agreement, compareValues } from "./agreement.ts";
import type { Answers } from "./protocol.ts";
import { Worker } from "./worker.ts";

/** The raw numbers of a case. */
export interface Measurement {
  readonly id: string;
  /** Seconds of each repetition, in order; warm-up left out. */
  readonly ours: readonly number[];
  readonly pytorch: readonly number[];
  /** Highest resident memory of each process, loading included, bytes. */
  readonly oursPeak: number;
  readonly pytorchPeak: number;
  readonly agreement: Agreement;
  readonly versions: Readonly<Record<string, string>>;
}

/** How a case is measured. */
export interface MeasureOptions {
  readonly python: string;
  readonly threads: number;
  readonly repeat: number;
  readonly onStep: (text: string) => void;
}

/** Milliseconds between turns: threads of the other side that spin for work then sleep. */
const PAUSE = 300;

/** Runs both sides in turns: ours, PyTorch, ours, ... after one warm-up each. */
export async function measureCase(
  { id, work }: BenchCase,
  inputs: string,
  options: MeasureOptions,
): Promise<Measurement> {
  const { python, threads, repeat, onStep } = options;
  const workers = [
    Worker.start("ours", python, threads),
    Worker.start("pytorch", python, threads),
  ] as const;
  try {
    const versions: Record<string, string> = {};
    const checks: number[][] = [];
    for (const worker of workers) {
      onStep(`${worker.name}: load`);
      Object.assign(versions, (await worker.ask({ do: "load", inputs })).versions);
      checks.push([...(await worker.ask({ do: "check" })).values]);
    }
    const runs: Answers["run"][][] = [[], []];
    for (let turn = 0; turn <= repeat; turn++) {
      for (const [side, worker] of workers.entries()) {
        onStep(`${worker.name}: ${turn === 0 ? "warm-up" : `${turn} of ${repeat}`}`);
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
        runs[side]?.push(await worker.ask({ do: "run" }));
      }
    }
    const [ours, pytorch] = runs as [Answers["run"][], Answers["run"][]];
    const [oursPeak, pytorchPeak] = [
      await workers[0].ask({ do: "peak" }),
      await workers[1].ask({ do: "peak" }),
    ];
    const values = (list: Answers["run"][]) => list.flatMap((run) => [...run.values]);
    return {
      id,
      ours: ours.slice(1).map((run) => run.seconds),
      pytorch: pytorch.slice(1).map((run) => run.seconds),
      oursPeak: oursPeak.bytes,
      pytorchPeak: pytorchPeak.bytes,
      agreement: compareValues(
        [...checks[0] as number[], ...values(ours)],
        [...checks[1] as number[], ...values(pytorch)],
        work.kind === "generate",
      ),
      versions,
    };
  } finally {
    for (const worker of workers) await worker.stop();
  }
}
