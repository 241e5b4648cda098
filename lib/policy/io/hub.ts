import { join } from "node:path";
import { messageOf, UserError } from "../../errors.ts";
import { writeDurably } from "../../files/durable_file.ts";
import { waitForLock } from "../../files/wait_for_lock.ts";
import { cacheDir } from "./cache_dir.ts";
import { exists, readJsonObject } from "./files.ts";
import { SIDECAR_FILES } from "./hf_folder.ts";
import { hubJson, HubStatusError, withRetries } from "./hub_client.ts";
import { downloadHubFile, type HubFile, type HubRevision } from "./hub_download.ts";

/** How far a download is. `file` is the one under way; bytes are of all files together. */
export interface DownloadProgress {
  /** Name of the file. */
  readonly file: string;
  /** Downloaded so far. */
  readonly bytes: number;
  /** To download, with what is there. */
  readonly totalBytes: number;
}

/** Pages of a model's file list that are read: of a thousand files each. */
const MAX_PAGES = 10;

/** `owner/name[@revision]`: the parts are its groups. */
export const HUB_ID = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w-][\w./-]*))?$/;

/** Whether the text has the form `owner/name[@revision]`. */
export function isHubId(text: string): boolean {
  return HUB_ID.test(text) && !text.includes("..");
}

/**
 * Downloads the files of a hub model that `openHfFolder` reads, and returns their folder.
 *
 * They are kept under the cache's `hub/`, by commit; a model already there whole is not fetched
 * again, and serves when the hub cannot be reached. `HF_ENDPOINT` and `HF_TOKEN` are honoured.
 * Throws `UserError`.
 */
export async function downloadModel(
  id: string,
  options: {
    onProgress?: ((progress: DownloadProgress) => void) | undefined;
    /** False: configuration and tokenizer alone. Default true. */
    weights?: boolean;
    /** See `Hub`; tests shorten them. */
    retryMs?: number;
    silenceMs?: number;
  } = {},
): Promise<{ folder: string; origin: string }> {
  const [, repo, revision = "main"] = HUB_ID.exec(id)!;
  const hub = {
    repo: repo!,
    hubUrl: (Deno.env.get("HF_ENDPOINT") || "https://huggingface.co").replace(/\/+$/, ""),
    accessToken: Deno.env.get("HF_TOKEN") || undefined,
    retryMs: options.retryMs ?? 1000,
    silenceMs: options.silenceMs ?? 30_000,
  };
  if (hub.accessToken !== undefined && !hub.accessToken.startsWith("hf_")) {
    throw new UserError("HF_TOKEN is no token of the hub: those start with hf_");
  }
  const home = join(cacheDir("hub"), repo!.replace("/", "--"));
  const reference = join(home, "refs", encodeURIComponent(revision) + ".json");
  const { weights = true } = options;
  const complete = (commit: string) =>
    join(home, "complete", weights ? commit : `${commit}.tokenizer`);
  const isThere = async (commit: string) =>
    await exists(complete(commit)) || await exists(join(home, "complete", commit));
  const commit = await resolveCommit({ ...hub, revision }, reference, isThere);
  const folder = join(home, commit);
  if (await isThere(commit)) return { folder, origin: `${repo}@${commit}` };
  // Whoever comes second finds the files whole when it gets the lock.
  using _lock = await waitForLock(join(home, ".lock"));
  if (!await isThere(commit)) {
    const at = { ...hub, revision: commit };
    await guard(at, async () => {
      const files = await filesToFetch(at, weights ? folder : undefined);
      const totalBytes = files.reduce((sum, file) => sum + file.size, 0);
      let before = 0;
      for (const file of files) {
        await downloadHubFile(at, file, join(folder, file.path), (bytes) => {
          options.onProgress?.({ file: file.path, bytes: before + bytes, totalBytes });
        });
        before += file.size;
      }
    });
    writeDurably(complete(commit), []);
  }
  return { folder, origin: `${repo}@${commit}` };
}

/** The commit a revision stands for: asked of the hub, or remembered when it is out of reach. */
async function resolveCommit(
  at: HubRevision,
  reference: string,
  isThere: (commit: string) => Promise<boolean>,
): Promise<string> {
  const isCommit = /^[0-9a-f]{40}$/.test(at.revision);
  if (isCommit && await isThere(at.revision)) return at.revision;
  let commit: string;
  try {
    const { value } = await askApi(at, `revision/${encodeURIComponent(at.revision)}`);
    commit = String((value as { sha?: unknown } | null)?.sha);
  } catch (error) {
    const isAnswer = error instanceof HubStatusError && !error.isTransient;
    const known = isAnswer || !await exists(reference)
      ? undefined
      : (await readJsonObject(reference)).commit;
    if (typeof known !== "string" || !await isThere(known)) {
      throw hubError(at, error);
    }
    return known;
  }
  if (!/^[0-9a-f]{7,64}$/.test(commit)) {
    throw new UserError(`${at.repo}: the hub names no commit for revision ${at.revision}`);
  }
  writeDurably(reference, [new TextEncoder().encode(JSON.stringify({ commit }) + "\n")]);
  return commit;
}

/** One page of the API; an answer that may be another one later is asked for again. */
function askApi(at: HubRevision, path: string | URL): ReturnType<typeof hubJson> {
  const url = new URL(path, `${at.hubUrl}/api/models/${at.repo}/`);
  const isTransient = (error: unknown) => error instanceof HubStatusError && error.isTransient;
  return withRetries(at, isTransient, () => hubJson(at, url));
}

/**
 * Configuration, tokenizer and safetensors; with an index, its shards and not the single file.
 *
 * @param folder where an index goes; undefined: no weights are fetched
 */
async function filesToFetch(at: HubRevision, folder: string | undefined): Promise<HubFile[]> {
  const { repo } = at;
  const listed = await listFiles(at);
  const wanted = [...SIDECAR_FILES];
  const index = listed.get("model.safetensors.index.json");
  if (folder === undefined) return wanted.flatMap((name) => listed.get(name) ?? []);
  if (listed.has("model.safetensors")) {
    wanted.push("model.safetensors");
  } else if (index !== undefined) {
    const path = join(folder, index.path);
    await downloadHubFile(at, index, path, () => {});
    const map = (await readJsonObject(path)).weight_map;
    wanted.push(index.path, ...new Set(Object.values(map ?? {}).map(String)));
  } else {
    throw new UserError(`${repo}: the model has no safetensors on the hub`);
  }
  const missing = wanted.find((name) => name.endsWith(".safetensors") && !listed.has(name));
  if (missing !== undefined) throw new UserError(`${repo}: ${missing} is not on the hub`);
  return wanted.flatMap((name) => listed.get(name) ?? []);
}

/** The files at the top of the model's folder, by name. */
async function listFiles(at: HubRevision): Promise<Map<string, HubFile>> {
  const listed = new Map<string, HubFile>();
  let page: string | URL | undefined = `tree/${at.revision}?recursive=false&expand=false`;
  for (let pages = 0; page !== undefined; pages++) {
    if (pages === MAX_PAGES) throw new Error("its list of files does not end");
    const { value, next } = await askApi(at, page);
    if (!Array.isArray(value)) throw new Error("its list of files is no list");
    for (const entry of value) {
      const file = hubFile(entry);
      if (file !== undefined) listed.set(file.path, file);
    }
    page = next;
  }
  return listed;
}

/** An entry of the list; undefined for a folder and for what lies in one. */
function hubFile(entry: unknown): HubFile | undefined {
  const { type, path, size, oid, lfs } = (entry ?? {}) as Record<string, unknown>;
  if (type !== "file" || typeof path !== "string" || /[/\\]/.test(path)) return undefined;
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw new Error(`its list gives ${path} no size`);
  }
  const sha256 = (lfs as { oid?: unknown } | undefined)?.oid;
  const hash = typeof sha256 === "string"
    ? { kind: "sha256", hex: sha256 } as const
    : typeof oid === "string"
    ? { kind: "git", hex: oid } as const
    : undefined;
  return { path, size: size as number, hash };
}

async function guard(at: HubRevision, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw error instanceof UserError ? error : hubError(at, error);
  }
}

function hubError(at: HubRevision, error: unknown): UserError {
  const where = `${at.repo} (taken for a hub id, revision ${at.revision}, ${at.hubUrl})`;
  const status = error instanceof HubStatusError ? error.status : undefined;
  if (status === 401 || status === 403) {
    return new UserError(`${where}: access refused; set HF_TOKEN to a token that may read it`);
  }
  if (status === 404) return new UserError(`${where}: no such model or revision on the hub`);
  return new UserError(`${where}: ${messageOf(error)}`);
}
