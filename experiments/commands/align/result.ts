import { join } from "node:path";
import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import { fingerprintFile, fingerprintJson } from "../../../lib/files/fingerprint.ts";
import { saveLoraAdapter } from "../../../lib/policy/io/peft.ts";
import { saveModelFolder } from "../../../lib/policy/io/save.ts";
import type { LanguageModel } from "../../../lib/policy/language_model.ts";
import { adapterFile } from "../../../lib/policy/load_policy.ts";
import { exportParameters } from "../../../lib/policy/parameters.ts";
import type { RunDirectory } from "../../../lib/storage/run_directory.ts";
import type { AlignOptions } from "./options.ts";

/** What a run made. */
export interface RunResult {
  /** The adapter's or model's folder, as the user reaches it. */
  readonly path: string;
  readonly kind: "adapter" | "weights";
  /** SHA-256 of its weights. */
  readonly sha256: string;
}

/** Saves the policy as adapter or, where all weights trained, as model folder. */
export async function saveResult(
  { model, full, out }: Pick<AlignOptions, "model" | "full" | "out">,
  { files }: Pick<OpenedPreferences, "files">,
  folder: RunDirectory,
  policy: LanguageModel,
): Promise<RunResult> {
  const [name, file] = full
    ? ["model", "model.safetensors"]
    : ["adapter", "adapter_model.safetensors"];
  const dir = folder.path(name);
  await Deno.mkdir(dir, { recursive: true });
  if (full) {
    const tensors = await exportParameters(files.config, policy.base);
    await saveModelFolder(dir, files.config, tensors, files.sourceFiles);
  } else await saveLoraAdapter(dir, await adapterFile(policy, model));
  return {
    path: join(out, name),
    kind: full ? "weights" : "adapter",
    sha256: fingerprintFile(join(dir, file)),
  };
}

/** The checkpoint that a trainer wrote; where its weights lie in several files, the hash of theirs. */
export function trainedResult(path: string): RunResult {
  const names = [...Deno.readDirSync(path)].map(({ name }) => name)
    .filter((name) => /\.(safetensors|bin)$/.test(name)).sort();
  const hashes = names.map((name) => fingerprintFile(join(path, name)));
  const sha256 = hashes.length === 1 ? hashes[0] as string : fingerprintJson(hashes);
  return { path, kind: "weights", sha256 };
}
