/**
 * `tune`: a loss's plain arm over a grid of settings, on seeds that no published table uses (100 and
 * up). The choices made from its output stand in `lib/environments/small_language/environment.ts`;
 * `experiments/studies/tuning.md` keeps the output. No other arm is tuned.
 */
import { join } from "node:path";
import { parseCommand } from "../../lib/cli/command.ts";
import { choiceOption, integerOption, numberOption, textOption } from "../../lib/cli/option.ts";
import { runCommand } from "../../lib/cli/run_command.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { lossNames } from "../../lib/losses/loss_table.ts";
import type { MetricName } from "../../lib/metrics/metrics.ts";
import { commandProgress } from "../../lib/progress/command_progress.ts";
import { runStudy } from "../../lib/runner/run_study.ts";
import type { LossOptionsOf } from "../../lib/sera/config.ts";
import { methods } from "../../lib/sera/methods.ts";
import { meanWithInterval } from "../../lib/statistics/intervals.ts";
import { defineStudy } from "../../lib/study/study.ts";
import { tableMarkdown } from "../../lib/study/table.ts";

const command = {
  name: "tune",
  description: "A loss's plain arm over a grid of settings, on seeds 100 and up.",
  options: {
    loss: choiceOption({
      flags: "--loss <name>",
      description: "the loss",
      choices: lossNames,
      default: "dpo",
    }),
    seeds: integerOption({ flags: "--seeds <n>", description: "how many", min: 1, default: 3 }),
    jobs: integerOption({ flags: "--jobs <n>", description: "processes", min: 1, default: 2 }),
    flipRate: numberOption({
      flags: "--flip-rate <share>",
      description: "share of labels flipped",
      min: 0,
      max: 1,
      default: 0.2,
    }),
    clauses: integerOption({
      flags: "--clauses <n>",
      description: "clauses per response",
      min: 1,
      default: 3,
    }),
    learningRates: textOption({
      flags: "--learning-rates <list>",
      description: "with commas",
      default: "0.00025,0.0005,0.001",
    }),
    betas: textOption({ flags: "--betas <list>", description: "with commas", default: "0.1,0.2" }),
    alphas: textOption({
      flags: "--alphas <list>",
      description: "NLL anchors, with commas",
      default: "0.3",
    }),
    steps: textOption({
      flags: "--steps <list>",
      description: "steps per iteration, with commas",
      default: "80",
    }),
  },
} as const;

const shown = ["gold", "kl", "length", "validRate"] as const satisfies readonly MetricName[];

async function main(args: readonly string[]): Promise<number> {
  const { options } = parseCommand(command, args);
  const list = (text: string) => text.split(",").map(Number);
  const grid = list(options.steps).flatMap((steps) =>
    list(options.learningRates).flatMap((learningRate) =>
      list(options.betas).flatMap((beta) =>
        list(options.alphas).map((nllAlpha) => ({ steps, learningRate, beta, nllAlpha }))
      )
    )
  );
  const study = defineStudy({
    id: "tuning",
    title: "The plain arm over a grid",
    environment: smallLanguage,
    base: { setting: { flipRate: options.flipRate, clauses: options.clauses } },
    arms: grid.map(({ beta, ...rest }) => ({
      id: `${options.loss} beta ${beta} ${JSON.stringify(rest)}`,
      sera: { ...methods.plain, ...rest, loss: { name: options.loss, beta } as LossOptionsOf },
    })),
  });
  const { rows, summary } = await runStudy(study, {
    records: join(projectRoot, ".cache", "tuning"),
    seeds: options.seeds,
    firstSeed: 100,
    jobs: options.jobs,
    progress: commandProgress(),
  });
  const cells = Map.groupBy(rows.filter((row) => row.last), (row) => row.arm);
  console.log(tableMarkdown({
    columns: ["steps", "learning rate", "beta", "alpha", "seeds", ...shown],
    rows: [...cells.values()].flatMap((cell) => {
      const [row] = cell;
      if (row === undefined) return [];
      return [[
        ...[row.steps, row.learningRate, row.beta, row.alpha, cell.length],
        ...shown.map((metric) => {
          const { mean, low } = meanWithInterval(cell.map((each) => each[metric] ?? NaN));
          return `${mean.toFixed(2)} +- ${(mean - low).toFixed(2)}`;
        }),
      ]];
    }),
  }));
  return summary.failed === 0 ? 0 : 1;
}

if (import.meta.main) await runCommand(main);
