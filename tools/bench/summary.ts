/** Medians and ratios of a case's repetitions. */
import { median } from "simple-statistics";
import type { BenchCase } from "./cases.ts";
import type { Measurement } from "./measure.ts";

/** A case as the table shows it. */
export interface CaseSummary {
  readonly id: string;
  readonly title: string;
  readonly label: string;
  /** Median seconds. */
  readonly ours: number;
  readonly pytorch: number;
  /** Median over repetitions of ours / PyTorch, each of neighbouring turns; its least and most. */
  readonly ratio: number;
  readonly least: number;
  readonly most: number;
  readonly goal: number;
  readonly met: boolean;
  /** Items a second of each side. */
  readonly oursRate: number;
  readonly pytorchRate: number;
  readonly unit: string;
  /** Highest resident memory, MiB, and ours / PyTorch. */
  readonly oursMiB: number;
  readonly pytorchMiB: number;
  readonly memoryRatio: number;
}

/** Sums up one case. Ratios pair each repetition with the other side's next turn. */
export function summarise(
  { id, title, label, goal, unit, count }: BenchCase,
  { ours, pytorch, oursPeak, pytorchPeak }: Measurement,
): CaseSummary {
  if (ours.length === 0 || ours.length !== pytorch.length) {
    throw new RangeError(`case ${id}: ${ours.length} turns of ours, ${pytorch.length} of PyTorch`);
  }
  const ratios = ours.map((seconds, i) => seconds / (pytorch[i] as number));
  const ratio = median(ratios);
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
  return {
    id,
    title,
    label,
    ours: median([...ours]),
    pytorch: median([...pytorch]),
    ratio,
    least: Math.min(...ratios),
    most: Math.max(...ratios),
    goal,
    met: ratio <= goal,
    oursRate: count / median([...ours]),
    pytorchRate: count / median([...pytorch]),
    unit,
    oursMiB: mib(oursPeak),
    pytorchMiB: mib(pytorchPeak),
    memoryRatio: oursPeak / pytorchPeak,
  };
}
