/** Pairs bootstrapped from responses that any server generated and any model scored. */
import { type FieldMap, textField } from "../data/record_fields.ts";
import type { TextOrMessages } from "../data/preference.ts";
import { UserError } from "../errors.ts";
import {
  bootstrapPairs,
  type BootstrapResult,
  type Candidate,
} from "../selection/bootstrap_pairs.ts";
import { candidateColumns, type CandidateRole, type Columns } from "./columns.ts";
import { readScored, type ScoredFile } from "./read_scored.ts";
import { ensembleOf, type RewardConfig, rewardsByPolicy } from "./score_history.ts";

/** A bootstrapped pair as text. */
export interface TextPair {
  readonly id: string;
  readonly prompt: TextOrMessages;
  readonly chosen: TextOrMessages;
  readonly rejected: TextOrMessages;
  readonly margin: number;
  /** From 1, among the pairs made. */
  readonly rank: number;
}

/** What bootstrapping made. */
export interface Bootstrapped {
  /** In the order of their prompts. */
  readonly pairs: readonly TextPair[];
  readonly dropped: BootstrapResult["dropped"];
}

interface Response {
  readonly text: string;
  readonly tokenIds: Int32Array;
  readonly truncated: boolean;
  /** Blank. */
  readonly empty: boolean;
  /** Place in the file. */
  readonly row: number;
}

/**
 * Groups candidates by their prompt and makes pairs of them: best against worst under the ensemble,
 * the largest margins kept.
 *
 * @param files of the newest policy, then of past ones, newest first: the same responses
 * @param keep pairs to keep
 * @param messages whether the responses stand as messages, for TRL's conversational format
 * @throws {UserError} naming file, record and field
 */
export async function bootstrapScored(
  [newest, ...past]: readonly [string, ...string[]],
  keep: number,
  { ensemble, ...formula }: RewardConfig,
  { given, messages }: { readonly given: Columns<CandidateRole>; readonly messages: boolean },
): Promise<Bootstrapped> {
  const texts: string[] = [];
  const prompts = new Map<string, { prompt: TextOrMessages; responses: Response[] }>();
  const others = ["prompt", "response", "token_ids", "finished"];
  const file = await readScored(newest, {
    known: candidateColumns,
    given,
    others,
    sharedIds: true,
    onRecord: (fields, row, where) => {
      const prompt = textField(where, fields, "prompt");
      const key = JSON.stringify(prompt);
      const group = prompts.get(key) ?? { prompt, responses: [] };
      prompts.set(key, group);
      const response = responseOf(fields, row, where);
      group.responses.push(response);
      texts.push(response.text);
    },
  });
  // Candidates of one prompt may share its id: their place tells them apart.
  const placed = (one: ScoredFile<CandidateRole>) => ({
    ...one,
    ids: one.ids.map((_, i) => `${i}`),
  });
  const history: ScoredFile<CandidateRole>[] = [];
  for (const path of past) {
    const one = await readScored(path, {
      ...{ known: candidateColumns, given, lenient: true, sharedIds: true },
      others: ["response"],
      onRecord: ({ response }, row, where) => {
        if (typeof response !== "string" || response === (texts[row] ?? response)) return;
        throw new UserError(
          `${where} has another response than record ${row + 1} of ${newest}: ` +
            "both must score the same responses, in the same order",
        );
      },
    });
    if (one.ids.length !== file.ids.length || one.ids.some((id, i) => id !== file.ids[i])) {
      throw new UserError(`${path} must score the records of ${newest}, in that order`);
    }
    history.push(placed(one));
  }
  const roles = { policy: "logp", reference: "ref_logp", tokens: "tokens" } as const;
  const rewards = ensembleOf(rewardsByPolicy(placed(file), history, roles, formula), ensemble);
  const groups = [...prompts.values()];
  const candidates = groups.map(({ responses }) =>
    responses.map(({ tokenIds, truncated, empty, row }): Candidate => ({
      ...{ tokenIds, truncated, empty },
      reward: rewards[row] as number,
    }))
  );
  const made = bootstrapPairs(candidates, { count: keep });
  const byMargin = made.pairs.toSorted((a, b) => b.margin - a.margin);
  const ranks = new Map(byMargin.map((pair, i) => [pair, i + 1]));
  const asAnswer = (text: string) => messages ? [{ role: "assistant", content: text }] : text;
  return {
    dropped: made.dropped,
    pairs: made.pairs.map((pair) => {
      const { prompt, responses } = groups[pair.promptIndex] as (typeof groups)[number];
      return {
        id: `bootstrapped-${pair.promptIndex}`,
        prompt: messages && typeof prompt === "string"
          ? [{ role: "user", content: prompt }]
          : prompt,
        chosen: asAnswer(responses[pair.chosenIndex]?.text ?? ""),
        rejected: asAnswer(responses[pair.rejectedIndex]?.text ?? ""),
        margin: pair.margin,
        rank: ranks.get(pair) as number,
      };
    }),
  };
}

/** A response; without token ids its bytes tell it from others, as `bootstrapPairs` must. */
function responseOf(fields: FieldMap, row: number, where: string): Response {
  const { response, token_ids: ids, finished } = fields;
  if (typeof response !== "string") {
    throw new UserError(`${where}: field "response" must be text; \`generate\` writes it`);
  }
  const given: unknown[] = Array.isArray(ids) ? ids : [];
  if (given.some((id) => !Number.isSafeInteger(id))) {
    throw new UserError(`${where}: field "token_ids" must be a list of integers`);
  }
  const tokenIds = given.length > 0
    ? Int32Array.from(given as number[])
    : Int32Array.from([...new TextEncoder().encode(response), -1]);
  const [truncated, empty] = [finished === false, response.trim() === ""];
  return { text: response, tokenIds, truncated, empty, row };
}
