/**
 * `disagreements`: the offline pairs that a study's policy doubts most after its first iteration, for
 * reading: `results/readings/<study>.jsonl`. Where texts are not ours to publish, ids and lengths alone.
 */
import { join } from "node:path";
import { parseCommand } from "../../lib/cli/command.ts";
import { integerOption } from "../../lib/cli/option.ts";
import { print } from "../../lib/cli/print.ts";
import { runCommand } from "../../lib/cli/run_command.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { writeDurably } from "../../lib/files/durable_file.ts";
import { commandProgress } from "../../lib/progress/command_progress.ts";
import { SHARED_CACHE } from "../../lib/runner/run_study.ts";
import { runSera } from "../../lib/sera/run_sera.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { REAL, realStudies, studiesNamed } from "../studies.ts";

const command = {
  name: "disagreements",
  description: "The pairs that a study's policy doubts most, for reading.",
  operands: {
    syntax: "[study...]",
    description: "studies of a pretrained model",
    choices: [...realStudies.map(({ id }) => id), REAL],
  },
  options: {
    count: integerOption({ flags: "--count <n>", description: "pairs", min: 1, default: 10 }),
  },
} as const;

/** Studies whose texts may be published: they are the model's own. */
const OPEN = ["sentiment"];
const ARM = "irm-70";
const CONDITION = "noise-20";

async function main(args: readonly string[]): Promise<number> {
  const { options: { count }, operands } = parseCommand(command, args);
  await loadEngine();
  const progress = commandProgress();
  for (const study of studiesNamed(operands.length === 0 ? [REAL] : operands)) {
    const [run] = planStudy(study, "full", { arms: [ARM], conditions: [CONDITION], seeds: 1 });
    if (run === undefined) throw new Error(`${study.id} has no ${ARM} in ${CONDITION}`);
    const { setting, seed, sera } = run.config;
    const context = { cache: SHARED_CACHE, progress };
    const prepared = await study.environment.prepare(setting, seed, context);
    // Margins alone are wanted: no sample is drawn, and no held-out pair scored.
    const { text, dispose, evaluation, heldOut: _, ...input } = prepared;
    const { iterations } = await runSera({
      ...input,
      ...{ config: { ...sera, iterations: 2 }, seed, progress },
    });
    const gold = evaluation?.gold;
    const margins = iterations[1]?.margins ?? [];
    const open = OPEN.includes(study.id);
    const lines = input.pairs.map((pair, i) => ({ pair, margin: margins[i] as number }))
      .sort((a, b) => a.margin - b.margin).slice(0, count)
      .map(({ pair: { id, flipped = null, promptIds, chosenIds, rejectedIds }, margin }) => ({
        ...{ id, seed, margin: Number(margin.toFixed(4)), flipped },
        ...{ chosenTokens: chosenIds.length, rejectedTokens: rejectedIds.length },
        ...(open && {
          prompt: text(promptIds),
          chosen: text(chosenIds),
          rejected: text(rejectedIds),
        }),
        ...(gold !== undefined && {
          chosenGold: Number(gold.reward(promptIds, chosenIds).toFixed(3)),
          rejectedGold: Number(gold.reward(promptIds, rejectedIds).toFixed(3)),
        }),
      }));
    dispose();
    const path = join(projectRoot, "results", "readings", `${study.id}.jsonl`);
    Deno.mkdirSync(join(projectRoot, "results", "readings"), { recursive: true });
    const jsonl = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    writeDurably(path, [new TextEncoder().encode(jsonl)]);
    print(`${lines.length} pairs: ${path}`);
  }
  return 0;
}

if (import.meta.main) await runCommand(main);
