import { join } from "node:path";
import { UserError } from "../errors.ts";
import { openSafetensorsFolder } from "../policy/io/safetensors.ts";

/**
 * Checks what a trainer wrote: a Hugging Face folder with whole weights, or a `.gguf` file. A script
 * that goes on after its training failed may well end with code 0, and what is accepted here is not
 * trained again.
 *
 * @throws {UserError} naming what is missing or cut off
 */
export async function checkTrainedCheckpoint(folder: string): Promise<void> {
  const names = new Set([...Deno.readDirSync(folder)].map(({ name }) => name));
  const filled = [...names].filter((name) => Deno.statSync(join(folder, name)).size > 0);
  if (filled.some((name) => name.endsWith(".gguf"))) return;
  if (!names.has("config.json")) {
    throw new UserError(
      names.has("adapter_config.json")
        ? `${folder} holds an adapter alone: write whole weights (merge_and_unload), with config.json`
        : `${folder} has no config.json`,
    );
  }
  const safe = [...names].some((name) => /\.safetensors(\.index\.json)?$/.test(name));
  if (safe) await openSafetensorsFolder(folder); // reads every header and its file's length
  else if (!filled.some((name) => name.endsWith(".bin"))) {
    throw new UserError(`${folder} has no weights (safetensors, .bin or .gguf)`);
  }
}
