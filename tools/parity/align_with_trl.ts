/**
 * `align --trainer` with TRL as the trainer: `align_with_trl.ts PYTHON DIR`. Prints what was compared;
 * ends with code 1 where something differs.
 */
import { join } from "node:path";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { loadPreferences } from "../../lib/environments/preference_file/load_preferences.ts";
import {
  type OpenedPreferences,
  openPreferences,
} from "../../lib/environments/preference_file/open_preferences.ts";
import { defaultPreferenceSetting } from "../../lib/environments/preference_file/setting.ts";
import { loadPolicy } from "../../lib/policy/load_policy.ts";
import type { RunRecord } from "../../lib/report/record.ts";
import type { SeraOptions } from "../../lib/sera/config.ts";
import { methods } from "../../lib/sera/methods.ts";
import { runSera } from "../../lib/sera/run_sera.ts";
import { MemoryStore, type StepRow } from "../../lib/sera/store.ts";
import type { SeraRun } from "../../lib/sera/types.ts";
import { makeTinyModelFolder } from "../../tests/support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../../tests/support/tiny_pairs.ts";

const SEED = 7;
/** TRL sums in another order than the suite. */
const TOLERANCE = 1e-5;

const [python = "", folder = ""] = Deno.args;
let good = true;

function tell(what: string, agrees: boolean, found = ""): void {
  good &&= agrees;
  console.log(`  ${agrees ? "same" : "DIFFERS"} ${what}${found && `: ${found}`}`);
}

/** Runs `align --trainer` in a folder of its own; three iterations. */
async function alignWithTrl(name: string, options: readonly string[]) {
  const out = join(folder, name);
  const trainer = `${python} ${projectRoot}examples/trl/train_iteration.py --cpu`;
  const server = `${Deno.execPath()} run -A --no-check --quiet ` +
    `${projectRoot}tests/support/standin_server.ts {checkpoint} {port}`;
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", `${projectRoot}experiments/commands/align/main.ts`],
      ...["--model", model, "--data", data, "--out", out, "--seed", `${SEED}`, "--keep", "0.5"],
      ...["--iterations", "3", "--lr", "0.01", "--serve", server, ...options],
      ...["--trainer", `${trainer} --batch-per-device 12`],
    ],
    env: { SERA_PROGRESS: "silent", PYTHONWARNINGS: "ignore" },
    stdout: "null",
  }).output();
  if (!success) throw new Error(`align --trainer failed: see ${out}/logs`);
  const record = JSON.parse(Deno.readTextFileSync(join(out, "record.json"))) as RunRecord;
  const selections = record.iterations.map((_, i) =>
    Deno.readTextFileSync(join(out, "selection", `iteration-${i + 1}.jsonl`)).trimEnd().split("\n")
      .map((line) => JSON.parse(line) as { margin: number | null; kept: boolean })
  );
  return { out, record, selections };
}

/** The built-in loop; with a store, it may have the policies of somebody else. */
async function builtIn(opened: OpenedPreferences, config: SeraOptions, store = new MemoryStore()) {
  const { dispose, text: _, evaluation: _e, ...prepared } = await loadPreferences(opened, SEED);
  const run = await runSera({ ...prepared, config, seed: SEED, store });
  dispose();
  return run;
}

/** Says whether selections, margins and held-out metrics are the built-in loop's. */
function compare(
  name: string,
  { record, selections }: Awaited<ReturnType<typeof alignWithTrl>>,
  { iterations }: SeraRun,
): void {
  iterations.forEach(({ iteration, margins, selected, metrics }, i) => {
    const rows = selections[i] ?? [];
    const kept = rows.flatMap((row, at) => row.kept ? [at] : []);
    tell(
      `${name}: the ${kept.length} pairs of iteration ${iteration}`,
      `${kept}` === `${selected}`,
    );
    const apart = [
      ...(margins ?? []).map((margin, at) => Math.abs(margin - (rows[at]?.margin ?? NaN))),
      ...(["heldOutMargin", "heldOutAccuracy", "heldOutLoss"] as const).map((metric) =>
        Math.abs((metrics[metric] ?? NaN) - (record.iterations[i]?.[metric] ?? NaN))
      ),
    ];
    const most = Math.max(...apart);
    tell(`${name}: margins of iteration ${iteration}`, most < TOLERANCE, most.toExponential(1));
  });
}

const model = join(folder, "model");
const data = join(folder, "pairs.jsonl");
await makeTinyModelFolder(model, { seed: 1 });
await Deno.writeTextFile(data, jsonLines(tinyPairs(13, 3)));
await loadEngine();
const opened = await openPreferences(
  { ...defaultPreferenceSetting, model, data, full: true },
  SEED,
);
const common = {
  iterations: 3,
  learningRate: 0.01,
  selection: { rule: "top", keep: 0.5 },
} as const;

// Whole batches: TRL's update is the built-in one, so that whole runs are the same.
const whole = await alignWithTrl("whole", ["--method", "select", "--batch", "12", "--steps", "4"]);
const wholeStore = new MemoryStore();
const config = { ...methods.select, ...common, batch: 12, steps: 4 };
compare("whole batches", whole, await builtIn(opened, config, wholeStore));
for (const name of ["loss", "margin", "chosenLogp", "learningRate", "gradientNorm"] as const) {
  const own = (await Promise.all([1, 2, 3].map((t) => wholeStore.rows(t)))).flat();
  const far = whole.record.steps.map((row, i) =>
    Math.abs(row[name] - (own[i] as StepRow)[name]) / Math.max(1, Math.abs(row[name]))
  );
  const most = Math.max(...far, whole.record.steps.length === own.length ? 0 : Infinity);
  tell(`whole batches: ${name} of ${own.length} steps`, most < TOLERANCE, most.toExponential(1));
}

// Shuffled batches and bootstrapping: given TRL's checkpoints, the built-in loop selects the same.
const shuffled = await alignWithTrl("shuffled", [
  ...["--method", "sera", "--batch", "4", "--steps", "9", "--responses", "6"],
  ...["--max-new-tokens", "60"],
]);
class TrainedElsewhere extends MemoryStore {
  override async policy(t: number) {
    const { model } = await loadPolicy(join(shuffled.out, "checkpoints", `iteration-${t}`));
    return await model.clone().snapshot();
  }
}
const given = { ...methods.select, ...common };
compare("shuffled batches", shuffled, await builtIn(opened, given, new TrainedElsewhere()));
const own = shuffled.record.iterations.map(({ onPolicyPairs }) => onPolicyPairs ?? 0);
tell("shuffled batches: pairs were bootstrapped", own.slice(1).every((n) => n > 0), own.join(", "));
Deno.exit(good ? 0 : 1);
