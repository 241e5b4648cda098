import { downloadFile, HubApiError, type ListFileEntry } from "@huggingface/hub";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { messageOf, UserError } from "../../errors.ts";
import { exists } from "./files.ts";

/** A commit of a model on the hub. */
export interface HubRevision {
  readonly repo: string;
  readonly revision: string;
  readonly hubUrl: string;
  readonly accessToken: string | undefined;
  /** Wait before the second attempt at a file in milliseconds; it triples each time. */
  readonly retryMs: number;
}

const ATTEMPTS = 4;

/**
 * Downloads one file. What has arrived is kept in `<path>.incomplete` and continued by the next
 * attempt or the next run; the file appears under its name only whole, with the size and the hash
 * that the hub lists. Throws `UserError`.
 *
 * @param onBytes called with the bytes that have arrived so far
 */
export async function downloadHubFile(
  at: HubRevision,
  file: ListFileEntry,
  path: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  if (await exists(path)) return onBytes(file.size);
  const incomplete = `${path}.incomplete`;
  await Deno.mkdir(dirname(path), { recursive: true });
  for (let attempt = 1;; attempt++) {
    try {
      await fetchRest(at, file, incomplete, onBytes);
      const { size } = await Deno.stat(incomplete);
      if (size < file.size) {
        throw new Error(`the connection ended after ${size} of ${file.size} bytes`);
      }
      const problem = await mismatch(file, incomplete, size);
      if (problem === undefined) break;
      await Deno.remove(incomplete);
      throw new Error(problem);
    } catch (error) {
      const isFinal = attempt === ATTEMPTS || error instanceof UserError ||
        (error instanceof HubApiError && error.statusCode < 500);
      if (!isFinal) {
        await new Promise((resolve) => setTimeout(resolve, at.retryMs * 3 ** (attempt - 1)));
        continue;
      }
      if (error instanceof HubApiError || error instanceof UserError) throw error;
      throw new UserError(
        `${at.repo}: ${file.path} could not be downloaded (${messageOf(error)}); ` +
          `run the command again to continue`,
      );
    }
  }
  await Deno.rename(incomplete, path);
}

async function fetchRest(
  at: HubRevision,
  file: ListFileEntry,
  incomplete: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let have = await Deno.stat(incomplete).then((info) => info.size, () => 0);
  if (have > file.size) {
    await Deno.remove(incomplete);
    have = 0;
  }
  using output = await Deno.open(incomplete, { create: true, append: true });
  onBytes(have);
  if (have === file.size) return;
  const blob = await downloadFile({
    repo: { type: "model", name: at.repo },
    path: file.path,
    revision: at.revision,
    hubUrl: at.hubUrl,
    ...(at.accessToken !== undefined && { accessToken: at.accessToken }),
  });
  if (blob === null) throw new UserError(`${at.repo}: ${file.path} is not on the hub`);
  for await (const chunk of blob.slice(have, file.size).stream()) {
    let written = 0;
    while (written < chunk.length) written += await output.write(chunk.subarray(written));
    have += chunk.length;
    onBytes(have);
    if (have > file.size) break;
  }
  await output.sync();
}

/** Why the arrived bytes are not the listed file; undefined if they are. */
async function mismatch(
  file: ListFileEntry,
  path: string,
  size: number,
): Promise<string | undefined> {
  if (size > file.size) return `the hub sent more than the listed ${file.size} bytes`;
  // Git's object id, or the SHA-256 of a file in large file storage.
  const hash = file.lfs ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
  const expected = file.lfs?.oid ?? file.oid;
  if (expected === undefined) return undefined;
  using input = await Deno.open(path);
  const buffer = new Uint8Array(2 ** 20);
  for (let n = await input.read(buffer); n !== null; n = await input.read(buffer)) {
    hash.update(buffer.subarray(0, n));
  }
  const found = hash.digest("hex");
  return found === expected ? undefined : `its hash is ${found}, not the listed ${expected}`;
}
