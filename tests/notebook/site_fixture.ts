/** A site of made-up notebooks and runs, for tests and for whoever wants to look at it. */
import { join } from "node:path";
import { plotDisplay } from "../../lib/notebook/figure.ts";
import type { Display } from "../../lib/notebook/kernel.ts";
import { tableDisplay } from "../../lib/notebook/table.ts";
import { verdictsDisplay } from "../../lib/notebook/verdicts.ts";
import type { ClaimResult } from "../../lib/study/judge_claims.ts";
import { recordLine, type StudyRecord } from "../../lib/study/record.ts";
import { hashConfig, type RunConfig } from "../../lib/study/run_config.ts";
import { defaultSeraConfig } from "../../lib/sera/config.ts";
import { contrast, EXAMPLES, LAST } from "../figures/rows.ts";

const config: RunConfig = {
  version: 2,
  environment: "made up",
  setting: { flipRate: 0.2 },
  sera: defaultSeraConfig,
  seed: 3,
};

/** A run with two iterations. */
export const RECORD: StudyRecord = {
  hash: hashConfig(config),
  config,
  sft: { gold: 0.5, length: 12 },
  iterations: [{ gold: 0.9, kl: 2, length: 13 }, { gold: 1.1, kl: 4, length: 14 }],
  samples: { gold: [[1, 1.2], [0.9, 1.3]], lengths: [[12, 14], [15, 15]] },
  warnings: [],
  volatile: {
    iterations: [{ updateSeconds: 3 }, { updateSeconds: 4 }],
    seconds: 12.5,
    environment: { commit: "0123456789" },
  },
};

const CLAIM = {
  claim: { text: "IRM > random", metric: "gold" },
  verdict: "supported",
  adjustedP: 0.012,
  adjustedEquivalenceP: 1,
  contrast: {
    ...contrast("IRM 70 % \u2212 random 70 %", [0.2, 0.25, 0.21]),
    ...{ collapsed: 0, baselineCollapsed: 0 },
  },
} as unknown as ClaimResult;

/** A notebook that shows every kind of plot, a table, verdicts and a run's hash. */
export async function exampleNotebook(): Promise<object> {
  const outputs: Display[] = [];
  for (const [id, draw] of Object.entries(EXAMPLES)) {
    outputs.push(await plotDisplay(draw(), { id, main: id === "intervalsFacets" }));
  }
  const shown = [
    verdictsDisplay([CLAIM]),
    ...outputs,
    tableDisplay(LAST.slice(0, 12), { caption: "rows" }),
    tableDisplay([{ run: RECORD.hash.slice(0, 12), seconds: 12.5 }]),
  ];
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: "deno", display_name: "Deno" },
      language_info: { name: "typescript" },
    },
    cells: [
      {
        ...{ cell_type: "markdown", id: "m", metadata: {} },
        source:
          "# Every plot\n\nDoes *each* fit, and [link](02_other.ipynb)?\n\nMore in [the plan](../experiments/plan.md).",
      },
      ...shown.map(({ data, metadata = {} }, i) => ({
        ...{ cell_type: "code", id: `c${i}`, metadata: {}, execution_count: i + 1 },
        source:
          `const limit = ${i}; // a line that is too long to fit the window of a telephone, surely\n` +
          'await show(plot, { id: "a" });',
        outputs: [{ output_type: "display_data", data, metadata }],
      })),
    ],
  };
}

/** Writes `notebooks/every_plot.ipynb` and `records/study.jsonl` into a folder. */
export async function writeSiteFixture(
  folder: string,
): Promise<{ notebook: string; records: string }> {
  const records = join(folder, "records");
  Deno.mkdirSync(records, { recursive: true });
  Deno.writeTextFileSync(join(records, "study.jsonl"), `${recordLine(RECORD)}\n`);
  const notebook = join(folder, "every_plot.ipynb");
  Deno.writeTextFileSync(notebook, JSON.stringify(await exampleNotebook()));
  return { notebook, records };
}
