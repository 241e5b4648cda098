import { testModelPath } from "../../tools/setup/test_model.ts";

function fileOrUndefined(path: string): string | undefined {
  try {
    return Deno.statSync(path).isFile ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * SmolLM2-135M-Instruct's Q4_1 GGUF: `SERA_SMOLLM2`, or where `deno task setup --model` puts it.
 * Undefined when absent: tests that need it are then reported as ignored.
 */
export const smollm2Path: string | undefined = fileOrUndefined(
  Deno.env.get("SERA_SMOLLM2") || testModelPath,
);

/**
 * A file of the test data that are not part of the repository: in `SERA_SHARED_DATA`, or in
 * `shared/data` beside the checkout. Undefined when absent.
 */
export function sharedDataFile(name: string): string | undefined {
  const beside = new URL("../../../shared/data", import.meta.url).pathname;
  return fileOrUndefined(`${Deno.env.get("SERA_SHARED_DATA") || beside}/${name}`);
}
