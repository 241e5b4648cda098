import { join } from "node:path";
import { messageOf, UserError } from "../../errors.ts";
import { writeDurably } from "../../files/durable_file.ts";
import { waitForLock } from "../../files/wait_for_lock.ts";
import { cacheDir } from "./cache_dir.ts";
import { exists, readJsonObject } from "./files.ts";
import type { DownloadProgress } from "./hub.ts";
import { hubJson, HubStatusError, withRetries } from "./hub_client.ts";
import { downloadHubFile, type HubFile, type HubRevision } from "./hub_download.ts";

const DATASET_ID =
  /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w-][\w./-]*))?(?::(?:([\w][\w.-]*|\*)\/)?([\w-]+))?$/;

/** Instead of a folder: all of them. */
const ALL_FOLDERS = "*";

/** Data files that can be read, the best kind first. */
const KINDS = [/\.parquet$/, /\.(jsonl|ndjson)(\.gz)?$/, /\.csv(\.gz)?$/, /\.json(\.gz)?$/];

/** Pages of a data set's list of files that are read: of a thousand files each. */
const MAX_PAGES = 10;

/**
 * Downloads one split of a data set of the hub, `owner/name[@revision][:[folder/]split]`, and returns
 * the folder of its files. The split is "train" unless told; files belong to a split by their names,
 * as for Hugging Face's `datasets`. Where several folders have the split (one a configuration), one is
 * named, or `*` for all. Kept under the cache's `hub/`, by commit, as models are.
 *
 * @throws {UserError} where there is no such data set, no such split, or several folders have it: what
 * there is is named
 */
export async function downloadDataset(
  id: string,
  options: {
    readonly onProgress?: (progress: DownloadProgress) => void;
    /** See `Hub`; tests shorten them. */
    readonly retryMs?: number;
    readonly silenceMs?: number;
  } = {},
): Promise<string> {
  const [, name = "", revision = "main", part, split = "train"] = DATASET_ID.exec(id) ?? [];
  if (name === "") throw new UserError(`${id}: is neither a file nor a hub id owner/name[:split]`);
  const place = part === undefined
    ? split
    : `${part === ALL_FOLDERS ? "all folders" : part}--${split}`;
  const { retryMs = 1000, silenceMs = 30_000 } = options;
  const at: HubRevision = {
    ...{ repo: `datasets/${name}`, revision, retryMs, silenceMs },
    hubUrl: (Deno.env.get("HF_ENDPOINT") || "https://huggingface.co").replace(/\/+$/, ""),
    accessToken: Deno.env.get("HF_TOKEN") || undefined,
  };
  const home = join(cacheDir("hub"), `datasets--${name.replace("/", "--")}`);
  const remembered = join(home, "refs", `${encodeURIComponent(`${revision}:${place}`)}.json`);
  try {
    const { value } = await ask(at, `revision/${encodeURIComponent(revision)}`);
    const commit = String((value as { sha?: unknown } | null)?.sha);
    if (!/^[0-9a-f]{7,64}$/.test(commit)) throw new Error("the hub names no commit");
    const folder = join(home, commit, place);
    const complete = join(home, "complete", `${commit}-${place}`);
    if (await exists(complete)) return folder;
    using _lock = await waitForLock(join(home, ".lock"));
    if (!await exists(complete)) {
      const fixed = { ...at, revision: commit };
      await fetchAll(fixed, splitFiles(id, await listFiles(fixed), split, part), folder, options);
      writeDurably(complete, []);
      writeDurably(remembered, [new TextEncoder().encode(JSON.stringify({ commit }))]);
    }
    return folder;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const gone = error instanceof HubStatusError && !error.isTransient;
    if (!gone && await exists(remembered)) {
      return join(home, String((await readJsonObject(remembered)).commit), place);
    }
    throw datasetError(at, error);
  }
}

async function fetchAll(
  at: HubRevision,
  files: readonly HubFile[],
  folder: string,
  { onProgress }: { readonly onProgress?: (progress: DownloadProgress) => void },
): Promise<void> {
  const totalBytes = files.reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  for (const file of files) {
    const path = join(folder, file.path.replaceAll("/", "__"));
    await downloadHubFile(at, file, path, (bytes) => {
      onProgress?.({ file: file.path, bytes: before + bytes, totalBytes });
    });
    before += file.size;
  }
}

/** The files of a split, of one kind; where no name tells a split, all are "train". */
export function splitFiles(
  id: string,
  files: readonly HubFile[],
  split: string,
  part: string | undefined,
): readonly HubFile[] {
  const kind = KINDS.find((each) => files.some(({ path }) => each.test(path)));
  const data = files.filter(({ path }) => kind?.test(path) && !/(^|\/)dataset_infos?\./.test(path));
  if (data.length === 0) {
    throw new UserError(`${id}: the data set has no Parquet, JSONL, CSV or JSON file on the hub`);
  }
  const ofSplit = (name: string) =>
    data.filter(({ path }) => new RegExp(`(^|[/.-])${name}([/.-]|$)`).test(path));
  const found = ofSplit(split);
  if (found.length > 0) return inFolder(id, found, split, part);
  const usual = ["train", "test", "validation", "dev", "eval"].flatMap(ofSplit);
  const names = [
    ...new Set(
      data.map(({ path }) => path.split("/").at(-1)?.replace(/(-\d+-of-\d+)?\..*$/, "") ?? path),
    ),
  ];
  if (split === "train" && usual.length === 0 && names.length === 1) return data;
  throw new UserError(
    `${id}: no file belongs to the split "${split}"; there are ${names.slice(0, 8).join(", ")}: ` +
      "give owner/name:split",
  );
}

/** The files of one folder, which must be named where there are several. */
function inFolder(
  id: string,
  files: readonly HubFile[],
  split: string,
  part: string | undefined,
): readonly HubFile[] {
  const folderOf = ({ path }: HubFile) =>
    path.split("/").slice(0, -1).filter((name) => name !== split).join("/");
  const folders = [...new Set(files.map(folderOf))];
  if (part === ALL_FOLDERS || (part === undefined && folders.length === 1)) return files;
  const wanted = files.filter((file) =>
    part !== undefined && folderOf(file).split("/").includes(part)
  );
  if (wanted.length > 0) return wanted;
  const names = folders.map((folder) => folder.split("/").at(-1)).slice(0, 12).join(", ");
  throw new UserError(
    `${id}: ` +
      (part === undefined
        ? `${folders.length} folders have the split "${split}"`
        : `no folder "${part}" has the split "${split}"`) +
      `; there are ${names}: give owner/name:folder/split, or owner/name:${ALL_FOLDERS}/split for all`,
  );
}

async function listFiles(at: HubRevision): Promise<HubFile[]> {
  const listed: HubFile[] = [];
  let page: string | URL | undefined = `tree/${at.revision}?recursive=true&expand=false`;
  for (let pages = 0; page !== undefined && pages < MAX_PAGES; pages++) {
    const { value, next } = await ask(at, page);
    if (!Array.isArray(value)) throw new Error("its list of files is no list");
    for (const { type, path, size, oid, lfs } of value) {
      if (type !== "file" || typeof path !== "string" || !Number.isSafeInteger(size)) continue;
      const hash = typeof lfs?.oid === "string"
        ? { kind: "sha256", hex: lfs.oid } as const
        : typeof oid === "string"
        ? { kind: "git", hex: oid } as const
        : undefined;
      listed.push({ path, size, hash });
    }
    page = next;
  }
  return listed;
}

function ask(at: HubRevision, path: string | URL): ReturnType<typeof hubJson> {
  const url = new URL(path, `${at.hubUrl}/api/${at.repo}/`);
  const isTransient = (error: unknown) => error instanceof HubStatusError && error.isTransient;
  return withRetries(at, isTransient, () => hubJson(at, url));
}

function datasetError({ repo, hubUrl, revision }: HubRevision, error: unknown): UserError {
  const where = `${repo} (taken for a data set, revision ${revision}, ${hubUrl})`;
  const status = error instanceof HubStatusError ? error.status : undefined;
  if (status === 401 || status === 403) {
    return new UserError(`${where}: access refused; set HF_TOKEN to a token that may read it`);
  }
  if (status === 404) return new UserError(`${where}: no such file here or data set on the hub`);
  return new UserError(`${where}: ${messageOf(error)}`);
}
