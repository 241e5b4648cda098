/**
 * `explore`: the cells that claims compare, and whole studies on request, on seeds that no confirmatory
 * run uses (110 and up). Its standard deviations are what the plan's numbers of seeds come from.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseCommand } from "../../lib/cli/command.ts";
import { integerOption, textOption } from "../../lib/cli/option.ts";
import { runCommand } from "../../lib/cli/run_command.ts";
import { print } from "../../lib/cli/print.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { commandProgress } from "../../lib/progress/command_progress.ts";
import { runMissing } from "../../lib/runner/run_missing.ts";
import { SHARED_CACHE } from "../../lib/runner/run_study.ts";
import { seedsForPower } from "../../lib/statistics/power.ts";
import { openStudy } from "../../lib/study/open_study.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { openRecords } from "../../lib/study/record_store.ts";
import { onSharedSeeds } from "../../lib/study/rows.ts";
import { tableMarkdown } from "../../lib/study/table.ts";
import { meanWithInterval } from "../../lib/statistics/intervals.ts";
import { studies, studyNamed } from "../studies.ts";

const command = {
  name: "explore",
  description: "The cells of every claim on seeds 110 and up, for the plan.",
  options: {
    seeds: integerOption({ flags: "--seeds <n>", description: "how many", min: 2, default: 3 }),
    whole: textOption({
      flags: "--whole <list>",
      description: "studies to run whole, with commas",
      default: "",
    }),
    jobs: integerOption({
      flags: "--jobs <n>",
      description: "processes",
      min: 1,
      default: availableParallelism(),
    }),
  },
} as const;

const FIRST_SEED = 110;

async function main(args: readonly string[]): Promise<number> {
  const { options: { seeds, whole, jobs } } = parseCommand(command, args);
  const part = { firstSeed: FIRST_SEED, seeds };
  const wholes = whole === "" ? [] : whole.split(",").map(studyNamed);
  const plan = [
    ...studies.flatMap((study) => planStudy(study, "full", { ...part, claimed: true })),
    ...wholes.flatMap((study) => planStudy(study, "full", part)),
  ];
  const store = openRecords(join(projectRoot, ".cache", "exploration"), { writable: true });
  const { failed } = await runMissing(plan, store, {
    ...{ jobs, cache: SHARED_CACHE, progress: commandProgress() },
  });
  const columns = ["study", "claim", "difference", "SD", "seeds for 80 % power"];
  const rows = studies.flatMap((study) =>
    openStudy(study, { ...part, records: store }).verdicts.map(({ claim, contrast }) => [
      ...[study.id, claim.id, contrast?.mean.toFixed(3) ?? "", contrast?.sd.toFixed(3) ?? ""],
      contrast === undefined ? "" : String(seedsForPower(contrast.sd, claim.smallestEffect)),
    ])
  );
  print(tableMarkdown({ columns, rows }));
  for (const study of wholes) {
    const last = onSharedSeeds(openStudy(study, { ...part, records: store }).rows)
      .filter((row) => row.last);
    const cells = Map.groupBy(last, (row) => `${row.condition} ${row.arm}`);
    const shown = [
      "gold",
      "kl",
      "length",
      "validRate",
      "onPolicyWrong",
      "flippedSelected",
    ] as const;
    print(tableMarkdown({
      columns: ["cell", ...shown],
      rows: [...cells].map(([cell, values]) => [
        cell,
        ...shown.map((name) =>
          meanWithInterval(values.map((row) => row[name] ?? NaN)).mean.toFixed(3)
        ),
      ]),
    }));
  }
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) await runCommand(main);
