import type { Response } from "../policy/generate.ts";
import type { PromptGroup } from "../policy/packing.ts";
import { createPrng } from "../random/prng.ts";
import type { CompletionsServer, ServerGeneration } from "./completions_server.ts";
import { RequestJournal } from "./request_journal.ts";
import { sideBySide } from "./side_by_side.ts";

/** Where results are kept and how many requests are under way at once. */
export interface ServerWork {
  /** A file beside the output. */
  readonly journal: string;
  readonly concurrency: number;
  /** What the answers belong to. Default: the server's address and model. */
  readonly identity?: string;
}

/**
 * Log-probabilities of each group's completions, nats, as `sequenceLogps` gives them.
 *
 * @param onDone called with the groups done so far, those kept from before included
 * @throws {UserError} where the server fails: what it has answered is kept in the journal
 */
export async function scoreByServer(
  server: CompletionsServer,
  groups: readonly PromptGroup[],
  { journal: path, concurrency, identity = identityOf(server) }: ServerWork,
  onDone: (count: number) => void = () => {},
): Promise<Float64Array[]> {
  const journal = new RequestJournal<number>(path);
  let done = 0;
  return await sideBySide(groups, concurrency, async ({ promptIds, completions }) => {
    const logps: number[] = [];
    for (const ids of completions) {
      const request = [identity, [...promptIds], [...ids]];
      logps.push(await journal.once(request, () => server.logp(promptIds, ids)));
    }
    onDone(++done);
    return Float64Array.from(logps);
  });
}

/** What to generate for each prompt. Response r of prompt p has the seed of [...path, p, r] alone. */
export interface ServerResponses extends ServerGeneration {
  readonly responses: number;
  readonly path: readonly (string | number)[];
}

/**
 * Responses to each prompt, in order: out[prompt][response].
 *
 * @param onDone called after each response
 * @throws {UserError} as `scoreByServer`
 */
export async function generateByServer(
  server: CompletionsServer,
  prompts: readonly Int32Array[],
  { responses, path: draws, seed, ...rule }: ServerResponses,
  { journal: path, concurrency, identity = identityOf(server) }: ServerWork,
  onDone: () => void = () => {},
): Promise<Response[][]> {
  const { temperature, topP, topK, maxNewTokens } = rule;
  const options = { temperature, topP, topK, maxNewTokens };
  const journal = new RequestJournal<{ ids: number[]; finished: boolean }>(path);
  const places = prompts.flatMap((_, p) => Array.from({ length: responses }, (_, r) => [p, r]));
  const made = await sideBySide(places as [number, number][], concurrency, async ([p, r]) => {
    const promptIds = prompts[p] as Int32Array;
    const own = { ...options, seed: createPrng(seed, ...draws, p, r).seed32() };
    const request = ["generate", identity, [...promptIds], own, p, r];
    const { ids, finished } = await journal.once(request, async () => {
      const response = await server.generate(promptIds, own);
      return { ids: [...response.ids], finished: response.finished };
    });
    onDone();
    return { ids: Int32Array.from(ids), finished };
  });
  return prompts.map((_, p) => made.slice(p * responses, (p + 1) * responses));
}

function identityOf({ url, model }: CompletionsServer): string {
  return `${url} ${model}`;
}
