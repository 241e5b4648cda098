import { HubApiError, type ListFileEntry, listFiles, modelInfo } from "@huggingface/hub";
import { join } from "node:path";
import { messageOf, UserError } from "../../errors.ts";
import { cacheDir } from "./cache_dir.ts";
import { exists, readJsonObject, writeFileAtomic } from "./files.ts";
import { SIDECAR_FILES } from "./hf_folder.ts";
import { downloadHubFile, type HubRevision } from "./hub_download.ts";

/** How far a download is. `file` is the one under way; bytes are of all files together. */
export interface DownloadProgress {
  readonly file: string;
  readonly bytes: number;
  readonly totalBytes: number;
}

const HUB_ID = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w-][\w./-]*))?$/;

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
    /** Wait before a failed file is tried again; tests shorten it. */
    retryMs?: number;
  } = {},
): Promise<{ folder: string; origin: string }> {
  const [, repo, revision = "main"] = HUB_ID.exec(id)!;
  const hub = {
    repo: repo!,
    hubUrl: (Deno.env.get("HF_ENDPOINT") || "https://huggingface.co").replace(/\/+$/, ""),
    accessToken: Deno.env.get("HF_TOKEN") || undefined,
    retryMs: options.retryMs ?? 1000,
  };
  if (hub.accessToken !== undefined && !hub.accessToken.startsWith("hf_")) {
    throw new UserError("HF_TOKEN is no token of the hub: those start with hf_");
  }
  const home = join(cacheDir("hub"), repo!.replace("/", "--"));
  const reference = join(home, "refs", encodeURIComponent(revision) + ".json");
  const commit = await resolveCommit({ ...hub, revision }, reference, home);
  const folder = join(home, commit);
  const complete = join(home, "complete", commit);
  if (!await exists(complete)) {
    const at = { ...hub, revision: commit };
    await guard(at, async () => {
      const files = await filesToFetch(at, folder);
      const totalBytes = files.reduce((sum, file) => sum + file.size, 0);
      let before = 0;
      for (const file of files) {
        await downloadHubFile(at, file, join(folder, file.path), (bytes) => {
          options.onProgress?.({ file: file.path, bytes: before + bytes, totalBytes });
        });
        before += file.size;
      }
    });
    await writeFileAtomic(complete, []);
  }
  return { folder, origin: `${repo}@${commit}` };
}

/** The commit a revision stands for: asked of the hub, or remembered when it is out of reach. */
async function resolveCommit(at: HubRevision, reference: string, home: string): Promise<string> {
  const isCommit = /^[0-9a-f]{40}$/.test(at.revision);
  if (isCommit && await exists(join(home, "complete", at.revision))) return at.revision;
  let commit: string;
  try {
    const { repo: name, ...rest } = at;
    const info = await modelInfo({ name, ...withoutUndefined(rest), additionalFields: ["sha"] });
    commit = String(info.sha);
  } catch (error) {
    const isAnswer = error instanceof HubApiError;
    const known = isAnswer || !await exists(reference)
      ? undefined
      : (await readJsonObject(reference)).commit;
    if (typeof known !== "string" || !await exists(join(home, "complete", known))) {
      throw hubError(at, error);
    }
    return known;
  }
  if (!/^[0-9a-f]{7,64}$/.test(commit)) {
    throw new UserError(`${at.repo}: the hub names no commit for revision ${at.revision}`);
  }
  await writeFileAtomic(reference, [new TextEncoder().encode(JSON.stringify({ commit }) + "\n")]);
  return commit;
}

/** Configuration, tokenizer and safetensors; with an index, its shards and not the single file. */
async function filesToFetch(at: HubRevision, folder: string): Promise<ListFileEntry[]> {
  const { repo, ...rest } = at;
  const listed = new Map<string, ListFileEntry>();
  for await (
    const entry of listFiles({ repo: { type: "model", name: repo }, ...withoutUndefined(rest) })
  ) {
    if (entry.type === "file" && !/[/\\]/.test(entry.path)) listed.set(entry.path, entry);
  }
  const wanted = [...SIDECAR_FILES];
  const index = listed.get("model.safetensors.index.json");
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

function withoutUndefined<T extends { accessToken: string | undefined }>(
  options: T,
): Omit<T, "accessToken"> & { accessToken?: string } {
  const { accessToken, ...rest } = options;
  return accessToken === undefined ? rest : { ...rest, accessToken };
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
  const status = error instanceof HubApiError ? error.statusCode : undefined;
  if (status === 401 || status === 403) {
    return new UserError(`${where}: access refused; set HF_TOKEN to a token that may read it`);
  }
  if (status === 404) return new UserError(`${where}: no such model or revision on the hub`);
  return new UserError(`${where}: ${messageOf(error)}`);
}
