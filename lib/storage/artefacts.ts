import { dirname, join, relative } from "node:path";
import { messageOf, UserError } from "../errors.ts";
import { canonicalJson } from "../files/canonical_json.ts";
import {
  appendDurably,
  type DiskProbe,
  explainDiskError,
  removeIfThere,
  truncateDurably,
  writeDurably,
} from "../files/durable_file.ts";
import { removeAbandoned, TEMPORARY_ENDING } from "../files/temporary_file.ts";

const encoder = new TextEncoder();

/**
 * Named files in a folder, each written as a whole or not at all. Names are relative paths with
 * forward slashes (`selection/iteration-2.jsonl`); their folders are made as needed.
 *
 * Every method that writes throws `UserError` if the disk is full or may not be written.
 */
export class Artefacts {
  readonly #folder: string;
  readonly #probe: DiskProbe;
  /** JSONL files whose tail this process has checked, with their number of rows. */
  readonly #rows = new Map<string, number>();

  constructor(folder: string, probe: DiskProbe = () => {}) {
    this.#folder = folder;
    this.#probe = probe;
  }

  /** The path of an artefact. Throws `RangeError` for a name that leaves the folder. */
  path(name: string): string {
    const path = join(this.#folder, name);
    if (name === "" || relative(this.#folder, path).replaceAll("\\", "/") !== name) {
      throw new RangeError(`"${name}" is not a plain relative name`);
    }
    if (name.split("/").includes("..")) throw new RangeError(`"${name}" leaves the run directory`);
    return path;
  }

  /** Whether an artefact exists; if so it is complete. */
  has(name: string): boolean {
    try {
      return Deno.statSync(this.path(name)).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Names of the files in one folder of artefacts, sorted; none if it does not exist. */
  list(folder: string): string[] {
    try {
      return [...Deno.readDirSync(this.path(folder))]
        .filter((entry) => entry.isFile && !entry.name.endsWith(TEMPORARY_ENDING))
        .map((entry) => `${folder}/${entry.name}`).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** Removes an artefact if it is there. */
  remove(name: string): void {
    removeIfThere(this.path(name), this.#probe);
    this.#rows.delete(name);
  }

  /** Writes bytes, given at once or in chunks. */
  writeBytes(
    name: string,
    bytes: Uint8Array<ArrayBuffer> | Iterable<Uint8Array<ArrayBuffer>>,
  ): void {
    const chunks = bytes instanceof Uint8Array ? [bytes] : bytes;
    writeDurably(this.#ready(name), chunks, this.#probe);
    this.#rows.delete(name);
  }

  writeText(name: string, text: string): void {
    this.writeBytes(name, encoder.encode(text));
  }

  /** Writes canonical JSON, indented. Throws `TypeError` for what JSON cannot hold. */
  writeJson(name: string, value: unknown): void {
    this.writeText(name, canonicalJson(value, { indent: 2 }) + "\n");
  }

  /**
   * Writes a whole JSONL file, one canonical row a line.
   *
   * @param buffered characters encoded at once, a million unless told: all may exceed a string
   */
  writeJsonl(name: string, rows: readonly unknown[], buffered = 2 ** 20): void {
    this.writeBytes(name, encodedRows(rows, buffered));
    this.#rows.set(name, rows.length);
  }

  /** Throws `UserError` naming a file that is not there or cannot be read. */
  readBytes(name: string): Uint8Array<ArrayBuffer> {
    try {
      return Deno.readFileSync(this.path(name));
    } catch (error) {
      throw new UserError(`cannot read ${this.path(name)}: ${messageOf(error)}`);
    }
  }

  readText(name: string): string {
    return new TextDecoder().decode(this.readBytes(name));
  }

  /** Throws `UserError` for a file that is absent or not JSON. */
  readJson(name: string): unknown {
    return this.#parse(this.readText(name), this.path(name));
  }

  /**
   * Adds one row to a JSONL file. A torn last line, left by a crash, is cut first.
   *
   * @returns the number of rows in the file now
   */
  appendJsonl(name: string, row: unknown): number {
    const rows = this.#countRows(name);
    appendDurably(this.#ready(name), encoder.encode(canonicalJson(row) + "\n"), this.#probe);
    this.#rows.set(name, rows + 1);
    return rows + 1;
  }

  /** The whole rows of a JSONL file; none if there is no file. Throws `UserError` naming a bad line. */
  readJsonl(name: string): unknown[] {
    if (!this.has(name)) return [];
    return wholeLines(this.readText(name)).map((line, i) =>
      this.#parse(line, `${this.path(name)}:${i + 1}`)
    );
  }

  /**
   * Cuts a JSONL file to its first `rows` rows: what was logged after the checkpoint that a run
   * continues from is logged again.
   *
   * @throws {UserError} if the file has fewer rows
   */
  keepJsonl(name: string, rows: number): void {
    const there = this.#countRows(name);
    if (rows > there) {
      throw new UserError(
        `${this.path(name)} has ${there} rows where the checkpoint says ${rows}; ` +
          "the folder was changed by hand: choose another --out",
      );
    }
    if (rows === there) return;
    const kept = wholeLines(this.readText(name)).slice(0, rows).map((line) => line + "\n").join("");
    truncateDurably(this.path(name), encoder.encode(kept).length, this.#probe);
    this.#rows.set(name, rows);
  }

  /** Removes what killed processes left half-written in the folder and one level below. */
  removeLeftovers(): void {
    removeAbandoned(this.#folder, true);
    for (const { name, isDirectory } of Deno.readDirSync(this.#folder)) {
      if (isDirectory) removeAbandoned(join(this.#folder, name), true);
    }
  }

  #countRows(name: string): number {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    let rows = 0;
    if (this.has(name)) {
      const text = this.readText(name);
      const lines = wholeLines(text);
      const whole = encoder.encode(lines.map((line) => line + "\n").join("")).length;
      if (whole !== Deno.statSync(this.path(name)).size) {
        truncateDurably(this.path(name), whole, this.#probe);
      }
      rows = lines.length;
    }
    this.#rows.set(name, rows);
    return rows;
  }

  #ready(name: string): string {
    const path = this.path(name);
    try {
      Deno.mkdirSync(dirname(path), { recursive: true });
    } catch (error) {
      throw explainDiskError(error, dirname(path));
    }
    return path;
  }

  #parse(text: string, where: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new UserError(
        `${where} is not valid JSON (${
          messageOf(error)
        }); restore the file or choose another --out`,
      );
    }
  }
}

/** Lines that end with a newline, without it: a torn last line is left out. */
/** Rows as lines of canonical JSON, encoded in runs of about so many characters. */
function* encodedRows(
  rows: readonly unknown[],
  buffered: number,
): Generator<Uint8Array<ArrayBuffer>> {
  let text = "";
  for (const row of rows) {
    text += canonicalJson(row) + "\n";
    if (text.length < buffered) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}

function wholeLines(text: string): string[] {
  return text.split("\n").slice(0, -1);
}
