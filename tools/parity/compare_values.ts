/** Compares committed reference values with fresh ones. */
import { filesUnder } from "./files.ts";

/** How far the files of one name are apart. */
export interface FileDifference {
  readonly name: string;
  /** Largest |a - b| / max(1, |a|) of numbers that are not integers; 0 if there are none. */
  readonly largest: number;
  /** What cannot be compared by a number: another text, integer, shape or a missing file. */
  readonly mismatch?: string;
}

/** Fields that hold rounding noise of the machine, not a reference. */
const noise = /^largestDifference|^smallestGap$/;

/** Every file under `committed` that `fresh` has, too, and every file only `fresh` has. */
export function compareFolders(committed: string, fresh: string): FileDifference[] {
  return filesUnder(fresh).map((name) => {
    try {
      const a = readValues(`${committed}/${name}`);
      const b = readValues(`${fresh}/${name}`);
      return { name, largest: difference(a, b, "") };
    } catch (error) {
      if (!(error instanceof Mismatch || error instanceof Deno.errors.NotFound)) throw error;
      const mismatch = error instanceof Mismatch ? error.message : "not committed";
      return { name, largest: Infinity, mismatch };
    }
  });
}

class Mismatch extends Error {}

function readValues(path: string): unknown {
  if (path.endsWith(".json")) return JSON.parse(Deno.readTextFileSync(path));
  const bytes = Deno.readFileSync(path);
  if (!path.endsWith(".safetensors")) return Array.from(bytes);
  const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
  // Every tensor of these files is F32. Tagged, so that whole-numbered weights compare as floats.
  return { header, values: new Float32Array(bytes.slice(8 + headerLength).buffer) };
}

function difference(a: unknown, b: unknown, where: string): number {
  if (a instanceof Float32Array && b instanceof Float32Array) {
    if (a.length !== b.length) throw new Mismatch(`${where}: ${a.length} numbers, now ${b.length}`);
    return a.reduce((worst, value, i) => Math.max(worst, apart(value, b[i]!)), 0);
  }
  if (typeof a === "number" && typeof b === "number") {
    if (Number.isInteger(a) && Number.isInteger(b) && a !== b) {
      throw new Mismatch(`${where}: ${a}, now ${b}`);
    }
    return apart(a, b);
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    if (a !== b) throw new Mismatch(`${where}: ${JSON.stringify(a)}, now ${JSON.stringify(b)}`);
    return 0;
  }
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  if (left.length !== right.size) {
    throw new Mismatch(`${where}: ${left.length} entries, now ${right.size}`);
  }
  let worst = 0;
  for (const [key, value] of left) {
    if (!right.has(key)) throw new Mismatch(`${where}/${key}: no longer there`);
    if (!noise.test(key)) {
      worst = Math.max(worst, difference(value, right.get(key), `${where}/${key}`));
    }
  }
  return worst;
}

function apart(a: number, b: number): number {
  const value = Math.abs(a - b) / Math.max(1, Math.abs(a));
  return Number.isNaN(value) ? Infinity : value;
}
