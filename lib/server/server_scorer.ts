import type { PromptGroup } from "../policy/packing.ts";
import type { CompletionsServer } from "./completions_server.ts";
import { RequestJournal } from "./request_journal.ts";
import { sideBySide } from "./side_by_side.ts";

/** Where results are kept and how many requests are under way at once. */
export interface ServerWork {
  /** A file beside the output. */
  readonly journal: string;
  readonly concurrency: number;
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
  { journal: path, concurrency }: ServerWork,
  onDone: (count: number) => void = () => {},
): Promise<Float64Array[]> {
  const journal = new RequestJournal<number>(path);
  let done = 0;
  return await sideBySide(groups, concurrency, async ({ promptIds, completions }) => {
    const logps: number[] = [];
    for (const ids of completions) {
      const request = [server.url, server.model, [...promptIds], [...ids]];
      logps.push(await journal.once(request, () => server.logp(promptIds, ids)));
    }
    onDone(++done);
    return Float64Array.from(logps);
  });
}
