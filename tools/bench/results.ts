/** The files of `results/bench`. */
import { intervalPlot, renderSvg, scalingPlot } from "../../lib/figures/mod.ts";
import { writeDurably } from "../../lib/files/durable_file.ts";
import { isFile } from "../setup/process.ts";
import type { BenchRecord, Conditions } from "./record.ts";
import { summaryTable } from "./table.ts";

/** The last record, if there is one. */
export function readRecord(path: string): BenchRecord | undefined {
  return isFile(path) ? JSON.parse(Deno.readTextFileSync(path)) as BenchRecord : undefined;
}

/** Writes `latest.json`, `table.md` and the plots. */
export async function writeResults(folder: string, record: BenchRecord): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const write = (name: string, text: string) =>
    writeDurably(`${folder}/${name}`, [new TextEncoder().encode(text)]);
  write("latest.json", JSON.stringify(record, null, 2) + "\n");
  write("table.md", `${conditionsText(record)}\n\n${summaryTable(record)}\n`);
  if (record.cases.length > 0) write("plot.svg", await renderSvg(casesFigure(record)));
  for (const { id, title, points, expectedSlope, series } of record.scaling?.curves ?? []) {
    const rows = points.map((point) => ({ ...point, series }));
    const svg = await renderSvg(
      scalingPlot(rows, {
        ...{ title: `Time against ${title}`, x: "size", y: "seconds", series: "series" },
        xTitle: title,
        expectedSlope: Math.round(100 * expectedSlope) / 100,
      }),
    );
    write(`scaling_${id}.svg`, svg);
  }
}

function casesFigure({ cases }: BenchRecord) {
  return intervalPlot(
    cases.map(({ summary, measurement: { ours, pytorch } }) => ({
      label: `${summary.id}: ${summary.label}`,
      mean: Math.log(summary.ratio),
      low: Math.log(summary.least),
      high: Math.log(summary.most),
      n: ours.length,
      pairs: ours.map((seconds, seed) => ({
        seed,
        difference: Math.log(seconds / (pytorch[seed] as number)),
      })),
      row: {},
    })),
    {
      title: "Time of the same work, against PyTorch",
      subtitle: "median of the repetitions (dots) and their range; left of \u00d71 is faster",
      xTitle: "our time / PyTorch's",
      ratio: true,
    },
  );
}

/** Machine and versions, one line for each distinct set of conditions. */
function conditionsText({ cases, scaling }: BenchRecord): string {
  const describe = ({ machine, provenance, loadAverage, threads }: Conditions) =>
    `${machine.cpu}, ${machine.cores} cores, ${threads} threads, load ${
      loadAverage[0]?.toFixed(1)
    } at the start, commit ${provenance.commit?.slice(0, 10) ?? "unknown"}${
      provenance.dirty === true ? " with changes" : ""
    }, Deno ${provenance.versions.deno}`;
  const groups = new Map<string, string[]>();
  for (const row of [...cases, ...(scaling === null ? [] : [scaling])]) {
    const text = describe(row);
    groups.set(text, [...groups.get(text) ?? [], "summary" in row ? row.summary.id : "scaling"]);
  }
  const versions = Object.entries(cases.at(-1)?.measurement.versions ?? {})
    .map(([name, version]) => `${name} ${version}`).join(", ");
  return [...groups].map(([text, ids]) => `${ids.join(", ")}: ${text}.`).join("\n") +
    (versions === "" ? "" : `\n${versions}.`);
}
