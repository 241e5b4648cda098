import { join } from "node:path";
import { UserError } from "../../errors.ts";
import type { WeightSource } from "../weights.ts";
import { checkInFolder, exists, readJsonObject, readRange } from "./files.ts";
import { decodeBf16, decodeF16 } from "./half.ts";
import { readSafetensorsHeader, type SafetensorsEntry, unreadable } from "./safetensors_header.ts";

/** A `WeightSource` with the files behind it (for fingerprints). */
export interface FileWeights extends WeightSource {
  readonly paths: readonly string[];
}

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** One safetensors file as weights. Only headers are read now, tensors when asked for. */
export async function openSafetensors(path: string): Promise<FileWeights> {
  return weightsOf(path, [[path, await readSafetensorsHeader(path)]]);
}

/**
 * The weights of a Hugging Face folder: `model.safetensors`, or the shards that
 * `model.safetensors.index.json` names. Throws `UserError` naming file and tensor.
 */
export async function openSafetensorsFolder(folder: string): Promise<FileWeights> {
  const single = join(folder, SINGLE);
  if (await exists(single)) {
    await checkInFolder(folder, SINGLE);
    return openSafetensors(single);
  }
  const indexPath = join(folder, INDEX);
  if (!await exists(indexPath)) {
    throw new UserError(`${folder}: has neither ${SINGLE} nor ${INDEX}`);
  }
  const map = (await readJsonObject(indexPath)).weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new UserError(`${indexPath}: has no weight_map`);
  }
  const shards = new Set<string>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== "string" || !/^[^/\\]+\.safetensors$/.test(shard)) {
      throw new UserError(
        `${indexPath}: tensor "${name}" lies in ${
          JSON.stringify(shard)
        }, not a shard of this folder`,
      );
    }
    shards.add(shard);
  }
  const files: [string, SafetensorsEntry[]][] = [];
  for (const shard of [...shards].sort()) {
    const path = join(folder, shard);
    await checkInFolder(folder, shard);
    const entries = await readSafetensorsHeader(path);
    files.push([path, entries.filter((entry) => map[entry.name as keyof typeof map] === shard)]);
  }
  const found = new Set(files.flatMap(([, entries]) => entries.map((entry) => entry.name)));
  for (const [name, shard] of Object.entries(map)) {
    if (!found.has(name)) {
      throw new UserError(
        `${join(folder, shard as string)}: tensor "${name}" of the index is missing`,
      );
    }
  }
  return weightsOf(folder, files);
}

function weightsOf(origin: string, files: [string, SafetensorsEntry[]][]): FileWeights {
  const table = new Map(
    files.flatMap(([path, entries]) =>
      entries.map((entry) => [entry.name, { path, entry }] as const)
    ),
  );
  const find = (name: string) => {
    const found = table.get(name);
    if (found === undefined) throw new UserError(`${origin}: tensor "${name}" is missing`);
    return found;
  };
  return {
    origin,
    names: [...table.keys()].sort(),
    paths: files.map(([path]) => path),
    shape: (name) => find(name).entry.shape,
    read: async (name) => {
      const { path, entry } = find(name);
      const bytes = await readRange(path, entry.offset, entry.byteLength);
      switch (entry.dtype) {
        case "F32":
          return new Float32Array(bytes.buffer);
        case "F16":
          return decodeF16(bytes);
        case "BF16":
          return decodeBf16(bytes);
        default:
          throw new UserError(`${path}: tensor "${name}": ${unreadable(entry.dtype)}`);
      }
    },
  };
}
