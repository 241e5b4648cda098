/**
 * `tune_real`: plain DPO of the studies of a pretrained model, over one declared grid on a seed that no
 * study uses. Writes `experiments/real_studies/tuning.md`. No other arm is tuned.
 */
import { join } from "node:path";
import { parseCommand } from "../../lib/cli/command.ts";
import { integerOption } from "../../lib/cli/option.ts";
import { runCommand } from "../../lib/cli/run_command.ts";
import { print } from "../../lib/cli/print.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { sentiment } from "../../lib/environments/sentiment/environment.ts";
import { writeDurably } from "../../lib/files/durable_file.ts";
import { commandProgress } from "../../lib/progress/command_progress.ts";
import { runStudy } from "../../lib/runner/run_study.ts";
import { methods } from "../../lib/sera/methods.ts";
import type { StudyRow } from "../../lib/study/rows.ts";
import { defineStudy } from "../../lib/study/study.ts";
import { tableMarkdown } from "../../lib/study/table.ts";
import { flipped } from "../conditions.ts";

const command = {
  name: "tune_real",
  description: "Plain DPO on SmolLM2-135M over one grid, on seed 100.",
  options: {
    jobs: integerOption({ flags: "--jobs <n>", description: "processes", min: 1, default: 2 }),
  },
} as const;

const RATES = [1e-4, 3e-4, 1e-3];
/** Of a setting that may be chosen: share of the SFT model's fluent samples that is left. */
const LEFT_VALID = 0.9;

const tuning = defineStudy({
  id: "sentiment_tuning",
  title: "Plain DPO over one grid",
  environment: sentiment,
  conditions: [20, 0].map(flipped),
  arms: RATES.map((learningRate) => ({
    id: `rate ${learningRate}`,
    sera: { ...methods.plain, learningRate },
  })),
});

function report(rows: readonly StudyRow[]): string {
  const columns = [
    ...["condition", "setting", "iteration", "gold", "SE", "KL", "length", "fluent", "distinct-2"],
    ...["gold-length correlation", "win rate"],
  ];
  return tableMarkdown({
    columns,
    rows: rows.map((row) => [
      ...[row.conditionLabel, row.arm, row.iteration, row.gold?.toFixed(3) ?? ""],
      ...[row.goldSe?.toFixed(3) ?? "", row.kl?.toFixed(2) ?? "", row.length?.toFixed(1) ?? ""],
      ...[row.validRate?.toFixed(3) ?? "", row.distinct2?.toFixed(3) ?? ""],
      ...[row.goldLengthCorrelation?.toFixed(3) ?? "", row.winVsSft?.toFixed(3) ?? ""],
    ]),
  });
}

const preface = `# How the settings of the pretrained model were chosen

Plain DPO without an anchor, beta 0.1, three learning rates, on seed 100, which no study uses.
Chosen is the largest gold reward after the third iteration with 20 % of the labels flipped among the
settings that keep at least ${LEFT_VALID} of the SFT model's share of fluent samples. No arm but the plain
one is tuned. The runs on clean labels show whether there is anything to gain. Iteration 0 is the SFT
model.

Made by \`deno run -A experiments/commands/tune_real.ts\`.
`;

async function main(args: readonly string[]): Promise<number> {
  const { options } = parseCommand(command, args);
  const { rows, summary } = await runStudy(tuning, {
    records: join(projectRoot, ".cache", "tuning"),
    ...{ firstSeed: 100, seeds: 1, jobs: options.jobs, progress: commandProgress() },
  });
  const text = `${preface}\n${report(rows)}\n`;
  print(text);
  const path = new URL("../real_studies/tuning.md", import.meta.url);
  writeDurably(path.pathname, [new TextEncoder().encode(text)]);
  return summary.failed === 0 ? 0 : 1;
}

if (import.meta.main) await runCommand(main);
