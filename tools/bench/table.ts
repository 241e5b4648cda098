/** Results as text. */
import { logLogSlope } from "../../lib/figures/mod.ts";
import type { BenchRecord } from "./record.ts";

/** A Markdown table of the cases, and one of the scaling curves. */
export function summaryTable({ cases, scaling }: BenchRecord): string {
  const rows = cases.map(({ summary: s, measurement }) => [
    s.id,
    s.title,
    String(measurement.ours.length),
    seconds(s.ours),
    seconds(s.pytorch),
    `${s.ratio.toFixed(2)} (${s.least.toFixed(2)}-${s.most.toFixed(2)})`,
    `${s.goal.toFixed(1)} ${s.met ? "met" : "missed"}`,
    `${rate(s.oursRate)} / ${rate(s.pytorchRate)} ${s.unit}s/s`,
    `${s.oursMiB} / ${s.pytorchMiB} MiB = ${s.memoryRatio.toFixed(2)}`,
    measurement.agreement.agrees
      ? `yes (${measurement.agreement.largest.toExponential(0)})`
      : `NO (${measurement.agreement.largest.toExponential(1)})`,
  ]);
  const parts: string[] = [];
  if (rows.length > 0) {
    parts.push(markdown([
      "case",
      "work",
      "turns",
      "ours, s",
      "PyTorch, s",
      "ours / PyTorch",
      "goal",
      "rate, ours / PyTorch",
      "peak memory",
      "same results",
    ], rows));
  }
  if (scaling !== null) {
    parts.push(markdown(
      ["time against", "sizes", "seconds", "slope", "expected"],
      scaling.curves.map(({ title, points, expectedSlope }) => [
        title,
        points.map(({ size }) => size).join(", "),
        points.map((point) => seconds(point.seconds)).join(", "),
        logLogSlope(points.map(({ size, seconds }) => ({ x: size, y: seconds }))).toFixed(2),
        expectedSlope.toFixed(2),
      ]),
    ));
  }
  return parts.join("\n\n");
}

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

function seconds(value: number): string {
  return value.toPrecision(3);
}

function rate(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
