import { UserError } from "../errors.ts";
import { canonicalJson, type JsonObject } from "../files/canonical_json.ts";
import { fingerprintJson, hasFingerprint } from "../files/fingerprint.ts";
import type { FailureWarning } from "../metrics/failure_signatures.ts";
import type { MetricValues } from "../metrics/metrics.ts";
import { hashConfig, type RunConfig } from "./run_config.ts";

/** One finished run of a study. Everything but `volatile` follows from `config`. */
export interface StudyRecord {
  /** SHA-256 of `config`. */
  readonly hash: string;
  /** Everything that the run depends on. */
  readonly config: RunConfig;
  /** The SFT model's own metrics. */
  readonly sft: MetricValues;
  /** One entry per iteration, the first first; without times. */
  readonly iterations: readonly MetricValues[];
  /** The last policy's samples to each held-out prompt: `[prompt][sample]`. */
  readonly samples: {
    /** Gold rewards to four decimals, where there are any. */
    readonly gold?: readonly (readonly number[])[];
    /** Tokens. */
    readonly lengths: readonly (readonly number[])[];
  };
  /** As the signatures were defined when the run was done; see `recordWarnings`. */
  readonly warnings: readonly FailureWarning[];
  /** What may differ between two runs of one config. */
  readonly volatile: {
    /** Times of each iteration. */
    readonly iterations: readonly MetricValues[];
    /** Whole run with its evaluation, without what runs share, s. */
    readonly seconds: number;
    /** Commit, versions, backend, machine. */
    readonly environment: JsonObject;
  };
}

/** A record as one line of a file: canonical JSON, sealed by the SHA-256 of all the rest. */
export function recordLine(record: StudyRecord): string {
  return canonicalJson({ ...record, seal: fingerprintJson(record) });
}

/**
 * Reads one line of a records file.
 *
 * @param advice what the error says is done, or to do, about such a line
 * @throws {UserError} naming the place of a line that is no record, or that was changed after it was
 * written
 */
export function parseRecord(
  line: string,
  place: string,
  advice = "restore the file, or remove the line and run the study again",
): StudyRecord {
  const fail = (what: string) => new UserError(`${place} ${what}; ${advice}`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw fail("is not JSON");
  }
  if (!isObject(value) || !("seal" in value) || !isObject(value.config)) {
    throw fail("is not a study record");
  }
  const { seal, ...record } = value as unknown as StudyRecord & { readonly seal: unknown };
  if (!hasFingerprint(record, seal)) throw fail("was changed after it was written");
  if (hashConfig(record.config) !== record.hash) throw fail("has a hash that is not its config's");
  const { sft, iterations, samples } = record as Partial<StudyRecord>;
  if (!isObject(sft) || !isObject(samples) || !Array.isArray(iterations)) {
    throw fail("lacks a part of a study record");
  }
  return record;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
