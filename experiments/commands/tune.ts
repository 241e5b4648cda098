/**
 * `tune`: plain DPO over a grid of settings, on seeds that no published table uses (100 and up).
 *
 * The choice made from its output stands in `studies/settings.ts`; `studies/tuning.md` keeps the
 * output. No other arm is tuned.
 */
import { join } from "node:path";
import { parseCommand } from "../../lib/cli/command.ts";
import { integerOption, textOption } from "../../lib/cli/option.ts";
import { runCommand } from "../../lib/cli/run_command.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { commandProgress } from "../../lib/progress/command_progress.ts";
import { openStudyStore } from "../../lib/study/study_store.ts";
import { studyRows } from "../../lib/study/study_rows.ts";
import { summaryTable, tableMarkdown } from "../../lib/study/study_tables.ts";
import { runMissing } from "./reproduce/run_missing.ts";
import { condition, methodArm } from "../studies/arms.ts";
import { hashSpec, type MethodConfig } from "../studies/run_config.ts";
import { baseSpec } from "../studies/settings.ts";
import { SFT_CACHE } from "../../lib/environments/small_language/sft_cache.ts";
import { type Arm, type PlannedRun, specOf } from "../studies/study.ts";

const FIRST_SEED = 100;

const command = {
  name: "tune",
  description: "Plain DPO over a grid of settings, on seeds 100 and up.",
  options: {
    seeds: integerOption({ flags: "--seeds <n>", description: "how many", min: 1, default: 3 }),
    jobs: integerOption({ flags: "--jobs <n>", description: "processes", min: 1, default: 2 }),
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
      description: "steps an iteration, with commas",
      default: "80",
    }),
  },
} as const;

async function main(args: readonly string[]): Promise<number> {
  const { options } = parseCommand(command, args);
  const base = baseSpec("full", FIRST_SEED).method;
  const list = (text: string) => text.split(",").map(Number);
  const arms = list(options.steps).flatMap((stepsPerIteration) =>
    list(options.learningRates).flatMap((learningRate) =>
      list(options.betas).flatMap((beta) =>
        list(options.alphas).map((nllAlpha): Arm => {
          const method: Partial<MethodConfig> = {
            learningRate,
            nllAlpha,
            stepsPerIteration,
            loss: { ...base.loss, beta } as MethodConfig["loss"],
          };
          const id = `steps ${stepsPerIteration} lr ${learningRate} beta ${beta} alpha ${nllAlpha}`;
          return methodArm(id, id, method);
        })
      )
    )
  );
  const noise = condition("noise-20", "20 % flipped", { flipRate: 0.2 }, {
    data: { flipRate: 0.2 },
  });
  const plan = arms.flatMap((arm) =>
    Array.from({ length: options.seeds }, (_, i): PlannedRun => {
      const spec = specOf(arm, noise, baseSpec("full", FIRST_SEED + i));
      const { id, label } = arm;
      return {
        study: "selection",
        arm: id,
        armLabel: label,
        condition: noise.id,
        conditionLabel: noise.label,
        conditionValues: noise.values,
        seed: spec.seed,
        hash: hashSpec(spec),
        spec,
      };
    })
  );
  const folder = join(projectRoot, ".cache", "tuning");
  const store = openStudyStore(folder, ["selection"], { writable: true });
  const progress = commandProgress();
  const { failed } = await runMissing(plan, store, {
    jobs: options.jobs,
    sftCache: SFT_CACHE,
    progress,
  });
  const rows = studyRows(plan, store.records).filter((row) => row.last);
  const table = summaryTable(rows, ["gold", "kl", "length", "validRate"]);
  const shown = table.rows.map((row) => row.filter((_, i) => [1, 3, 5, 6, 7, 8].includes(i)));
  const columns = table.columns.filter((_, i) => [1, 3, 5, 6, 7, 8].includes(i));
  console.log(tableMarkdown({ columns, rows: shown }));
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) await runCommand(main);
