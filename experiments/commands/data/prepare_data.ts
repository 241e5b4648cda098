import { downloadProgress } from "../../../lib/environments/preference_file/download_progress.ts";
import { existsSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { configFileText } from "../../../lib/cli/config_file.ts";
import { valuesInForce } from "../../../lib/cli/idle_options.ts";
import { JsonlWriter } from "../../../lib/data/write_jsonl.ts";
import { splitByPrompt } from "../../../lib/data/split.ts";
import {
  drawCorruption,
  type LabelChange,
  type PairFacts,
} from "../../../lib/datasets/corruption.ts";
import { countReason, dropText } from "../../../lib/datasets/drop_counts.ts";
import { type KeptPair, PairFilter } from "../../../lib/datasets/pair_filter.ts";
import { readDataset } from "../../../lib/datasets/read_dataset.ts";
import { dataPath } from "../../../lib/environments/preference_file/data_path.ts";
import { UserError } from "../../../lib/errors.ts";
import { checkWritable } from "../../../lib/files/check_writable.ts";
import { removeIfThere, writeDurably } from "../../../lib/files/durable_file.ts";
import { fingerprintFile } from "../../../lib/files/fingerprint.ts";
import { acquireRunLock } from "../../../lib/files/run_lock.ts";
import { openTokenizer } from "../../../lib/policy/io/load.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { createPrng } from "../../../lib/random/prng.ts";
import { readProvenance } from "../../../lib/storage/provenance.ts";
import { idleOptions } from "./idle_options.ts";
import { type DataOptions, dataOptions } from "./options.ts";

/** What the first reading leaves of a pair. */
interface Known extends PairFacts, KeptPair {}

/** Files of records in the folder. */
const OUTPUTS = ["train.jsonl", "held_out.jsonl", "dropped.jsonl", "flips.jsonl"];

/**
 * Writes a data set as training and held-out pairs, and what was left out and changed. Only one
 * process at a time writes a folder: two would mix theirs.
 *
 * @returns what was found, for the terminal
 * @throws {UserError} naming the record or option at fault, or the process that writes the folder;
 * nothing is written then
 */
export async function prepareData(options: DataOptions, progress: ProgressSink): Promise<string> {
  const { data, out } = options;
  checkWritable(out);
  const path = await dataPath(data, progress);
  checkApart(path, out);
  const lock = acquireRunLock(out);
  try {
    return await prepare(path, options, progress);
  } finally {
    lock.release();
  }
}

/** `prepareData` from files that are there, into a folder that is ours. */
async function prepare(
  path: string,
  options: DataOptions,
  progress: ProgressSink,
): Promise<string> {
  const { data, out, seed } = options;
  const { known, dropped, read, demonstrations } = await survey(path, options, progress);
  if (known.length === 0) {
    throw new UserError(
      demonstrations > 0
        ? `${data}: its records are demonstrations, not pairs: \`sft\` reads them as they are`
        : `${data}: no pair is left of ${read} records: ${dropText(counted(dropped))}`,
    );
  }
  const split = splitByPrompt(
    known.map((pair) => ({ ...pair, prompt: pair.promptHash })),
    options.heldOut,
    createPrng(seed, "held-out"),
  );
  const held = new Set(split.heldOut.map(({ id }) => id));
  const train = known.filter(({ id }) => !held.has(id));
  const changes = drawCorruption(train, {
    ...{ lengthConfound: options.lengthConfound, flipRate: options.flipLabels },
    ...{ flipBy: options.flipBy, flipTemperature: options.flipTemperature },
  }, (purpose) => createPrng(seed, "corruption", purpose));
  const changed = new Map(
    [...changes].map(([i, change]) => [(train[i] as Known).id, change] as const),
  );
  const places = new Map(known.map(({ id }) => [id, held.has(id) ? "held_out" : "train"] as const));
  // Written last, the record says that all of the folder is of this run.
  removeIfThere(join(out, "record.json"));
  if (held.size === 0) removeIfThere(join(out, "held_out.jsonl"));
  await writePairs(path, options, places, changed);
  writeJsonlOf(join(out, "dropped.jsonl"), [...dropped].map(([id, reason]) => ({ id, reason })));
  writeJsonlOf(
    join(out, "flips.jsonl"),
    [...changed].map(([id, { length, noise, flipped }]) => ({ id, flipped, length, noise })),
  );
  const counts = {
    ...{ read, train: train.length, heldOut: held.size, demonstrations },
    dropped: counted(dropped),
    cut: known.filter(({ cut }) => cut).length,
    longerIsChosen: shareOfLonger(known, changed),
    flipped: [...changed.values()].filter(({ flipped }) => flipped).length,
    byLength: [...changed.values()].filter(({ length }) => length).length,
    byNoise: [...changed.values()].filter(({ noise }) => noise).length,
  };
  const record = {
    ...{ command: "data", data: basename(data), counts },
    options: { ...options, data: basename(data), out: basename(out), config: undefined },
    sha256: {
      train: fingerprintFile(join(out, "train.jsonl")),
      ...(held.size > 0 && { heldOut: fingerprintFile(join(out, "held_out.jsonl")) }),
    },
    provenance: await readProvenance(),
  };
  const bytes = (text: string) => [new TextEncoder().encode(text)];
  const repeated = valuesInForce(dataOptions, options, idleOptions(options));
  writeDurably(join(out, "config.yaml"), bytes(configFileText(dataOptions, repeated)));
  writeDurably(join(out, "record.json"), bytes(JSON.stringify(record, null, 2) + "\n"));
  return [
    `${read} records: ${counts.train} pairs to train on, ${counts.heldOut} held out, ` +
    `${dropped.size} left out`,
    ...(dropped.size > 0 ? [`left out: ${dropText(counts.dropped)}`] : []),
    `the longer response is chosen in ${(100 * counts.longerIsChosen).toFixed(1)} % of the pairs`,
    ...(changed.size > 0
      ? [
        `labels changed: ${counts.byLength} to the longer response, ${counts.byNoise} as noise; ` +
        `${counts.flipped} now say the opposite`,
      ]
      : []),
    `done: ${join(out, "train.jsonl")}`,
  ].join("\n");
}

/** A run may not write over, or remove, the records that it reads. */
function checkApart(data: string, out: string): void {
  const read = existsSync(data) ? realpathSync(data) : data;
  const folder = realpathSync(out);
  if (read !== folder && !OUTPUTS.some((name) => read === join(folder, name))) return;
  throw new UserError(`${data} is what --out ${out} would write: choose another folder`);
}

/** The first reading: what is kept, a few numbers each, and why the rest is not. */
async function survey(path: string, options: DataOptions, progress: ProgressSink) {
  const { model, maxLength, chatTemplate, minGap, maxCharacters, keepRepeated } = options;
  const filter = new PairFilter({
    ...{ minGap, maxCharacters, unique: !keepRepeated },
    tokens: model === undefined ? undefined : {
      tokenizer: await openTokenizer(model, { onDownload: downloadProgress(progress) }),
      maxLength,
      chatTemplate,
    },
  });
  const known: Known[] = [];
  const dropped = new Map<string, string>();
  let read = 0, demonstrations = 0;
  for await (const { id, row } of readDataset(path, options)) {
    read++;
    if (read % 10_000 === 0) progress.message(`${read} records read`);
    if (row.kind === "demonstration") demonstrations++;
    const verdict = row.kind === "pair"
      ? filter.judge(row)
      : row.kind === "dropped"
      ? row.reason
      : "a demonstration, not a pair";
    if (typeof verdict === "string") dropped.set(id, verdict);
    else known.push({ id, gap: row.kind === "pair" ? row.gap : undefined, ...verdict });
  }
  return { known, dropped, read, demonstrations };
}

/** The second reading: writes what is kept. */
async function writePairs(
  path: string,
  options: DataOptions,
  places: ReadonlyMap<string, "train" | "held_out">,
  changed: ReadonlyMap<string, LabelChange>,
): Promise<void> {
  const isHeldOut = [...places.values()].includes("held_out");
  using train = new JsonlWriter(join(options.out, "train.jsonl"));
  using heldOut = isHeldOut ? new JsonlWriter(join(options.out, "held_out.jsonl")) : null;
  const touched = options.flipLabels > 0 || options.lengthConfound > 0;
  for await (const { id, row } of readDataset(path, options)) {
    const place = places.get(id);
    if (place === undefined || row.kind !== "pair") continue;
    const exchange = changed.get(id)?.flipped === true;
    const { prompt, chosen, rejected, gap, flipped: before } = row;
    const [first, second] = exchange ? [rejected, chosen] : [chosen, rejected];
    const scores = gap === undefined ? {} : { score_gap: exchange ? -gap : gap };
    // What is wrong in a set that has noise already, another exchange puts right.
    const flipped = exchange !== (before === true);
    const record = { id, prompt, chosen: first, rejected: second, ...scores };
    const told = before !== undefined || (touched && place === "train");
    (place === "held_out" ? heldOut : train)?.add(told ? { ...record, flipped } : record);
  }
  train.finish();
  heldOut?.finish();
}

function writeJsonlOf(path: string, rows: readonly unknown[]): void {
  using writer = new JsonlWriter(path);
  for (const row of rows) writer.add(row);
  writer.finish();
}

function counted(dropped: ReadonlyMap<string, string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of dropped.values()) countReason(counts, reason);
  return counts;
}

/** Share of pairs as written whose chosen response is the longer one; equal lengths count half. */
function shareOfLonger(
  pairs: readonly PairFacts[],
  changed: ReadonlyMap<string, { readonly flipped: boolean }>,
): number {
  const wins = pairs.reduce((sum, { id, chosenLength, rejectedLength }) => {
    const difference = chosenLength - rejectedLength;
    const written = changed.get(id)?.flipped === true ? -difference : difference;
    return sum + (written > 0 ? 1 : written === 0 ? 0.5 : 0);
  }, 0);
  return wins / pairs.length;
}
