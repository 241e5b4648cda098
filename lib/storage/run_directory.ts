import { join } from "node:path";
import { UserError } from "../errors.ts";
import { plainText } from "../plain_text.ts";
import { Artefacts } from "./artefacts.ts";
import type { JsonObject } from "../files/canonical_json.ts";
import type { Checkpoint } from "./checkpoint_file.ts";
import { Checkpoints } from "./checkpoints.ts";
import { checkWritable } from "../files/check_writable.ts";
import type { DiskProbe } from "../files/durable_file.ts";
import { fingerprintJson, hasFingerprint } from "../files/fingerprint.ts";
import { CONFIG, FORMAT, refuseForeign, setAside } from "../files/folder_ownership.ts";
import { acquireRunLock, type RunLock } from "../files/run_lock.ts";
import { configDifferences, describeDifferences } from "./config_difference.ts";

const STATE = "state.json";

/** Options of `openRunDirectory`. */
export interface RunDirectoryOptions {
  /**
   * Start again from nothing: what a run left here is moved into `previous-1`, `previous-2`, ...
   * inside the folder, never deleted. Default false.
   */
  readonly force?: boolean;
  /**
   * Keys of the config (`sera.iterations`) whose number may be larger than that of the run in the
   * folder, finished or not: the run then goes on to the larger one. Default: none.
   */
  readonly growing?: readonly string[];
  /** Bytes that the run may write; less room is an error. Default 16 MiB. */
  readonly room?: number;
  /** Where warnings go. Default: stderr. */
  readonly warn?: (message: string) => void;
  /** For tests: see `DiskProbe`. */
  readonly probe?: DiskProbe;
}

/**
 * Opens the output folder of one run, made if it is not there, and locks it for this process.
 * A run that was interrupted goes on from what the folder holds.
 *
 * @param config all that decides the run's results; kept in `config.json` with its SHA-256
 * @throws {UserError} if the folder holds something else, a run of another config (its differing keys
 * are listed), or a run that another process is writing; nothing is changed then
 */
export function openRunDirectory(
  folder: string,
  config: JsonObject,
  options: RunDirectoryOptions = {},
): RunDirectory {
  refuseForeign(folder);
  checkWritable(folder, options.room);
  const lock = acquireRunLock(folder);
  try {
    refuseForeign(folder);
    if (options.force) setAside(folder);
    return new RunDirectory(folder, config, lock, options);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The config of the run in a folder, for options that a continued run keeps; else undefined. */
export function recordedConfig(folder: string): unknown {
  try {
    const there = JSON.parse(Deno.readTextFileSync(join(folder, CONFIG)));
    return there?.format === FORMAT ? there.config : undefined;
  } catch {
    return undefined; // `openRunDirectory` says what is wrong with it
  }
}

/**
 * A run's folder: `config.json`, `state.json`, `checkpoints/` and named artefacts. Killed at any
 * moment, each file is whole, old or new (a log may lose its torn last line).
 */
export class RunDirectory extends Artefacts implements Disposable {
  /** The folder. */
  readonly folder: string;
  /** Whether the folder already held this run when it was opened. */
  readonly resumed: boolean;
  /** What has grown since, as `iterations was 3, is 5`; null where nothing has. */
  readonly grown: string | null;
  readonly #lock: RunLock;
  readonly #warn: (message: string) => void;

  /** Use `openRunDirectory`. */
  constructor(folder: string, config: JsonObject, lock: RunLock, options: RunDirectoryOptions) {
    super(folder, options.probe);
    this.folder = folder;
    this.#lock = lock;
    this.#warn = options.warn ?? ((message) => console.error(`warning: ${plainText(message)}`));
    this.resumed = this.has(CONFIG);
    this.grown = this.resumed ? this.#requireSame(config, options.growing ?? []) : null;
    this.removeLeftovers();
    if (this.grown !== null) this.writeJson(STATE, { state: "running" });
    if (this.grown !== null || !this.resumed) {
      this.writeJson(CONFIG, { format: FORMAT, sha256: fingerprintJson(config), config });
    }
    if (!this.has(STATE)) this.writeJson(STATE, { state: "running" });
  }

  /** Whether the run in this folder came to its end: there is nothing left to do. */
  get finished(): boolean {
    return (this.readJson(STATE) as { state?: unknown } | null)?.state === "finished";
  }

  /** Marks the run as finished, after its last artefact is written, and drops its checkpoints. */
  finish(): void {
    this.writeJson(STATE, { state: "finished" });
    this.#checkpointsOf("").clear();
  }

  /**
   * Writes a checkpoint durably and keeps the last two of its part. See `Checkpoints.save`.
   *
   * @param part what is trained, where a run trains several models; "" is the run's own
   */
  saveCheckpoint(checkpoint: Checkpoint, part = ""): void {
    this.#checkpointsOf(part).save(checkpoint);
  }

  /** The newest whole checkpoint; `undefined` at the start. See `Checkpoints.loadLatest`. */
  loadLatestCheckpoint(part = ""): Checkpoint | undefined {
    return this.#checkpointsOf(part).loadLatest(this.#warn);
  }

  /** Gives the folder free for other processes. */
  close(): void {
    this.#lock.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkpointsOf(part: string): Checkpoints {
    return new Checkpoints(this, part);
  }

  /** What has grown; null where the config is the same. */
  #requireSame(config: JsonObject, growing: readonly string[]): string | null {
    const there = this.readJson(CONFIG) as { format?: unknown; sha256?: unknown; config?: unknown };
    if (there.format !== FORMAT || !hasFingerprint(there.config ?? null, there.sha256)) {
      throw new UserError(
        `${this.path(CONFIG)} was changed by hand, or is not of this program; choose another --out`,
      );
    }
    if (there.sha256 === fingerprintJson(config)) return null;
    const differences = configDifferences(there.config, config);
    const text = describeDifferences(differences);
    const grown = differences.every(({ key, before, after }) =>
      growing.includes(key) && Number(before) < Number(after)
    );
    if (grown) return text;
    throw new UserError(
      `${this.folder} holds a run with other options: ${text}; ` +
        "choose another --out, or repeat the old options to continue that run",
    );
  }
}
