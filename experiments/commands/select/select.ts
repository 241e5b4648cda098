/** `select`: which preference pairs to keep, by log-probabilities alone, with an audit. */
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { checkApartFromData } from "../../../lib/data/data_files.ts";
import { openRecords } from "../../../lib/data/read_records.ts";
import { readPreferenceRecord } from "../../../lib/data/preference_record.ts";
import { type FieldMap, fieldsOf, hasField } from "../../../lib/data/record_fields.ts";
import { JsonlWriter, prepareOutput } from "../../../lib/data/write_jsonl.ts";
import { UserError } from "../../../lib/errors.ts";
import { writeDurably } from "../../../lib/files/durable_file.ts";
import { lossConfigFromOptions } from "../../../lib/losses/loss_config.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { createPrng } from "../../../lib/random/prng.ts";
import { roundShare } from "../../../lib/round_share.ts";
import { type Bootstrapped, bootstrapScored } from "../../../lib/scored/candidates.ts";
import type { CandidateRole, Columns, PairRole } from "../../../lib/scored/columns.ts";
import type { ScoredFile } from "../../../lib/scored/read_scored.ts";
import type { RewardConfig } from "../../../lib/scored/score_history.ts";
import { type ScoredSelection, selectScored } from "../../../lib/scored/select_scored.ts";
import {
  pairsToRead,
  type PairToRead,
  policiesAgainst,
  selectionReport,
} from "../../../lib/scored/selection_report.ts";
import { reasonOf, verdictOf } from "../../../lib/scored/verdict.ts";
import type { SelectionRule } from "../../../lib/selection/selection_rule.ts";
import type { SelectOptions } from "./options.ts";
import { FactGatherer, plainText } from "./pair_facts.ts";
import { givenColumns, readInputs } from "./read_inputs.ts";
import { ruleOf } from "./rule_of.ts";
import { swapSides } from "./swap_sides.ts";

/**
 * Runs the command.
 *
 * @param given keys of the options that the user gave
 * @returns one line about what was done
 * @throws {UserError} naming file, record and column; output files are then as they were
 */
export async function select(
  options: SelectOptions,
  given: ReadonlySet<string>,
  progress: ProgressSink,
): Promise<string> {
  const rule = ruleOf(options, given);
  const rewards = rewardsOf(options, given);
  const columns = givenColumns(options, rule);
  const { out, dropped, data, validation, candidates } = options;
  const reportPath = options.report ?? `${out}.report.md`;
  await checkApartFromData({ "--out": out, "--dropped": dropped, "--report": reportPath }, [
    ...[data, validation, candidates, ...options.history, ...options.voters],
    ...options.candidatesHistory,
  ]);
  const outputs = [out, dropped].filter((path) => path !== undefined);
  outputs.forEach(prepareOutput);
  const gatherer = new FactGatherer(options.source);
  const { newest, history, ...models } = await readInputs(options, rule, columns, {
    others: gatherer.columns,
    onRecord: (fields, _index, where) => gatherer.add(fields, where),
  }, progress);
  const facts = gatherer.facts(newest);

  const total = newest.ids.length;
  const flipped = gatherer.flipped(total);
  if ((rule.rule === "oracle" || rule.rule === "matched") && flipped === undefined) {
    throw new UserError(
      `${options.data}: --rule ${rule.rule} needs a column "flipped" of true and false`,
    );
  }
  const selected = selectScored(newest, history, rule, rewards, {
    ...models,
    prng: createPrng(options.seed, "select"),
    ...(flipped === undefined ? {} : { flipped }),
  });
  const kept = selected.selection.indices.length;
  const wanted = pairsToRead(selected, options.read);
  progress.message("writing");
  const { texts, own } = await writePairs(options, rule, newest, selected, {
    ...{ columns, flipped, wanted },
    bootstrap: (messages) => bootstrapped(options, total, rewards, columns, messages),
  });
  const summary = `${kept} of ${total} pairs kept` +
    (own === null ? "" : `, ${own.pairs.length} bootstrapped`);
  const { weighting, gamma } = rewards.ensemble;
  const report = selectionReport(selected, facts, {
    intro: [
      `${summary}; rule ${JSON.stringify(rule)}`,
      `margins: ${JSON.stringify(rewards.loss)}, ${rewards.margin}; ensemble of ` +
      `${selected.byPolicy.length} policies, ${weighting}, gamma ${gamma}`,
      ...(own === null ? [] : [`candidates dropped: ${JSON.stringify(own.dropped)}`]),
    ],
    toRead: texts,
  });
  prepareOutput(reportPath);
  writeDurably(reportPath, [new TextEncoder().encode(report)]);
  return `${summary}: ${options.out}; report: ${reportPath}`;
}

function rewardsOf(
  { loss, margin, perToken, beta, weighting, gamma, window }: SelectOptions,
  given: ReadonlySet<string>,
): RewardConfig {
  for (const key of ["loss", "margin"]) {
    if (!perToken || !given.has(key)) continue;
    throw new UsageError(`--per-token and --${key} both say how margins are made: leave one out`);
  }
  return {
    loss: lossConfigFromOptions(perToken ? "length-normalised-dpo" : loss, { beta }),
    margin,
    ensemble: { weighting, gamma, window },
  };
}

/** Reads the pairs again and writes each with its verdict, then the bootstrapped ones. */
async function writePairs(
  { data, out, dropped, candidates }: SelectOptions,
  rule: SelectionRule,
  newest: ScoredFile<PairRole>,
  { margins, byPolicy, ranks, other, selection }: ScoredSelection,
  { columns, flipped, wanted, bootstrap }: {
    readonly columns: Columns<PairRole>;
    readonly flipped: readonly boolean[] | undefined;
    readonly wanted: readonly number[];
    readonly bootstrap: (messages: boolean) => Promise<Bootstrapped | null>;
  },
): Promise<{ texts: PairToRead[]; own: Bootstrapped | null }> {
  const total = margins.length;
  const kept = new Set(selection.indices);
  const swapped = new Set(selection.swapped);
  const texts = new Map<number, PairToRead>();
  const toRead = new Set(wanted);
  using keptWriter = new JsonlWriter(out);
  using droppedWriter = dropped === undefined ? undefined : new JsonlWriter(dropped);
  const { records } = await openRecords(data);
  let index = 0;
  let changed = false;
  let messages = false;
  let keys: string[] = [];
  for await (const record of records) {
    const fields = fieldsOf(record, "log-probabilities");
    const i = index++;
    changed = String(fields.id ?? i) !== newest.ids[i];
    if (changed) break;
    if (toRead.has(i)) {
      texts.set(i, {
        ...{ id: newest.ids[i] as string, margin: margins[i] as number },
        ...{ against: policiesAgainst(byPolicy, i), policies: byPolicy.length },
        prompt: plainText(fields.prompt),
        chosen: plainText(fields.chosen),
        rejected: plainText(fields.rejected),
      });
    }
    const writer = kept.has(i) ? keptWriter : droppedWriter;
    if (writer === undefined) continue;
    const place = {
      ...{ kept: kept.has(i), swapped: swapped.has(i), total },
      rank: (other?.ranks ?? ranks)[i] as number,
      flipped: flipped?.[i],
    };
    const sides = place.swapped ? swapSides(fields, columns) : fields;
    const row = {
      id: newest.ids[i],
      ...finiteFields(candidates === undefined ? sides : withPrompt(record.where, sides)),
      margin: place.swapped ? -(margins[i] as number) : margins[i],
      rank: ranks[i],
      ...(other === null ? {} : { score: other.scores[i] }),
      verdict: verdictOf(place),
      reason: reasonOf(rule, place),
    };
    if (place.kept && keys.length === 0) {
      keys = Object.keys(row);
      messages = Array.isArray(fields.chosen);
    }
    writer.add(row);
  }
  if (changed || index !== total) {
    throw new UserError(`${data} changed while it was read: run the same command again`);
  }
  const own = await bootstrap(messages);
  for (const pair of own?.pairs ?? []) {
    keptWriter.add({
      ...Object.fromEntries(keys.map((key) => [key, null])),
      ...pair,
      verdict: "bootstrapped",
      reason: `best against worst of its prompt, rank ${pair.rank}`,
    });
  }
  droppedWriter?.finish();
  keptWriter.finish();
  return { texts: wanted.map((i) => texts.get(i) as PairToRead), own };
}

/** A pair with its prompt as a field of its own, the form that bootstrapped pairs have. */
function withPrompt(where: string, fields: FieldMap): FieldMap {
  if (!hasField(fields, "chosen") || !hasField(fields, "rejected")) return fields;
  return { ...fields, ...readPreferenceRecord(where, fields).preference };
}

async function bootstrapped(
  { candidates, candidatesHistory, onPolicy }: SelectOptions,
  total: number,
  rewards: RewardConfig,
  given: Partial<Record<CandidateRole, string>>,
  messages: boolean,
): Promise<Bootstrapped | null> {
  if (candidates === undefined) {
    if (candidatesHistory.length === 0) return null;
    throw new UsageError("--candidates-history needs --candidates");
  }
  const keep = Math.max(1, roundShare(onPolicy, total));
  return await bootstrapScored([candidates, ...candidatesHistory], keep, rewards, {
    given,
    messages,
  });
}

/** A value that was read, without what JSON has no word for: NaN and infinities, which Parquet holds. */
function finite(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(finite);
  return value?.constructor === Object ? finiteFields(value as FieldMap) : value;
}

function finiteFields(fields: FieldMap): FieldMap {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, finite(value)]));
}
