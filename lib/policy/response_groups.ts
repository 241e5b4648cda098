import type { Response } from "./generate.ts";
import type { PromptGroup } from "./packing.ts";

/**
 * What scores responses: one group per prompt.
 *
 * @param responses `[prompt][response]`; a prompt without any has a group without completions
 */
export function responseGroups(
  prompts: readonly Int32Array[],
  responses: readonly (readonly Pick<Response, "ids">[])[],
): PromptGroup[] {
  return prompts.map((promptIds, p) => ({
    promptIds,
    completions: responses[p]?.map(({ ids }) => ids) ?? [],
  }));
}
