import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { messageOf, UserError } from "../../errors.ts";
import { exists } from "./files.ts";
import { type Hub, hubRequest, HubStatusError, withRetries } from "./hub_client.ts";

/** A commit of a model on the hub. */
export interface HubRevision extends Hub {
  readonly repo: string;
  readonly revision: string;
}

/** A file as the hub lists it. */
export interface HubFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of a file in large file storage, else git's object id. */
  readonly hash: { readonly kind: "sha256" | "git"; readonly hex: string } | undefined;
}

/**
 * Downloads one file. What has arrived is kept in `<path>.incomplete` and continued by the next
 * attempt or the next run; the file appears under its name only whole, with the size and the hash
 * that the hub lists. The folder is the caller's alone meanwhile. Throws `UserError`.
 *
 * @param onBytes called with the bytes that have arrived so far
 */
export async function downloadHubFile(
  at: HubRevision,
  file: HubFile,
  path: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  if (await exists(path)) return onBytes(file.size);
  const incomplete = `${path}.incomplete`;
  await Deno.mkdir(dirname(path), { recursive: true });
  const isTransient = (error: unknown) =>
    !(error instanceof UserError) && (!(error instanceof HubStatusError) || error.isTransient);
  try {
    await withRetries(at, isTransient, async () => {
      await fetchRest(at, file, incomplete, onBytes);
      const { size } = await Deno.stat(incomplete);
      if (size < file.size) {
        throw new Error(`the connection ended after ${size} of ${file.size} bytes`);
      }
      const problem = await mismatch(file, incomplete, size);
      if (problem === undefined) return;
      await Deno.remove(incomplete);
      throw new Error(problem);
    });
  } catch (error) {
    if (error instanceof UserError || error instanceof HubStatusError && !error.isTransient) {
      throw error;
    }
    throw new UserError(
      `${at.repo}: ${file.path} could not be downloaded (${messageOf(error)}); ` +
        `run the command again to continue`,
    );
  }
  await Deno.rename(incomplete, path);
}

async function fetchRest(
  at: HubRevision,
  file: HubFile,
  incomplete: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  using output = await Deno.open(incomplete, { create: true, write: true });
  let have = await output.seek(0, Deno.SeekMode.End);
  const startAgain = async () => {
    await output.truncate(0);
    have = await output.seek(0, Deno.SeekMode.Start);
  };
  if (have > file.size) await startAgain();
  onBytes(have);
  if (have === file.size) return;
  const name = file.path.split("/").map(encodeURIComponent).join("/");
  const url = new URL(`${at.hubUrl}/${at.repo}/resolve/${at.revision}/${name}`);
  const range = have === 0 ? {} : { range: `bytes=${have}-${file.size - 1}` };
  await hubRequest(at, url, { "accept-encoding": "identity", ...range }, {
    onHead: async ({ status }) => {
      if (have > 0 && status !== 206) await startAgain();
    },
    onBytes: async (chunk) => {
      for (let written = 0; written < chunk.length;) {
        written += await output.write(chunk.subarray(written));
      }
      have += chunk.length;
      if (have > file.size) {
        await startAgain();
        throw new Error(`the hub sent more than the listed ${file.size} bytes`);
      }
      onBytes(have);
    },
  });
  await output.sync();
}

/** Why the arrived bytes are not the listed file; undefined if they are. */
async function mismatch(
  file: HubFile,
  path: string,
  size: number,
): Promise<string | undefined> {
  if (file.hash === undefined) return undefined;
  const { kind, hex: expected } = file.hash;
  const hash = kind === "sha256"
    ? createHash("sha256")
    : createHash("sha1").update(`blob ${size}\0`);
  using input = await Deno.open(path);
  const buffer = new Uint8Array(2 ** 20);
  for (let n = await input.read(buffer); n !== null; n = await input.read(buffer)) {
    hash.update(buffer.subarray(0, n));
  }
  const found = hash.digest("hex");
  return found === expected ? undefined : `its hash is ${found}, not the listed ${expected}`;
}
