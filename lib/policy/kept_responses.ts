import type { Response } from "./generate.ts";

/** Responses as plain values, which stores and caches write as JSON: `[prompt][response]`. */
export type KeptResponses = { readonly ids: number[]; readonly finished: boolean }[][];

/** Responses as plain values. */
export function keptResponses(responses: readonly (readonly Response[])[]): KeptResponses {
  return responses.map((list) => list.map(({ ids, finished }) => ({ ids: [...ids], finished })));
}

/** The responses that were kept. */
export function responsesOf(kept: KeptResponses): Response[][] {
  return kept.map((list) =>
    list.map(({ ids, finished }) => ({ ids: Int32Array.from(ids), finished }))
  );
}
