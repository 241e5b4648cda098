import { promptKey } from "../data/split.ts";
import type { TextOrMessages } from "../data/preference.ts";
import type { ChatTemplateUse } from "../data/render_text.ts";
import { tokenizePair } from "../data/tokenize_pairs.ts";
import { messageOf, UserError } from "../errors.ts";
import type { ChatMessage } from "../text/chat_message.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";
import type { DemonstrationRow, PairRow } from "./dataset_row.ts";
import { countReason, type DropCounts } from "./drop_counts.ts";
import { readDataset } from "./read_dataset.ts";

/** A response to imitate as token ids. */
export interface Demonstration {
  /** The record's, with the turn where a conversation has several: `12#3`. */
  readonly id: string;
  /** Equal for records with one prompt. */
  readonly prompt: string;
  /** At least one token. */
  readonly promptIds: Int32Array;
  /** Tokens that the loss counts, at least one. */
  readonly completionIds: Int32Array;
}

/** Options of `readDemonstrations`. */
export interface DemonstrationOptions {
  /** The responses' tokens, or every token but the first. */
  readonly trainOn: "completion" | "all";
  /** Of a conversation: every turn of the assistant, or the last one. */
  readonly turns: "every" | "last";
  readonly chatTemplate: ChatTemplateUse;
  /** Longest prompt and completion together, tokens. */
  readonly maxLength: number;
  readonly limit?: number | undefined;
  readonly schema?: string;
}

/** What a data set holds to imitate. */
export interface Demonstrations {
  readonly examples: readonly Demonstration[];
  /** Records read. */
  readonly read: number;
  /** Records and turns left out, by reason. */
  readonly dropped: DropCounts;
  /** Completions cut at `maxLength`. */
  readonly truncated: number;
}

/**
 * Reads a data set for supervised fine-tuning; of pairs, the chosen response is imitated.
 *
 * @throws {UserError} naming the record at fault, or if nothing is left
 */
export async function readDemonstrations(
  path: string,
  tokenizer: TextTokenizer,
  options: DemonstrationOptions,
): Promise<Demonstrations> {
  const examples: Demonstration[] = [];
  const dropped: Record<string, number> = {};
  let read = 0, truncated = 0;
  for await (const { id, where, row } of readDataset(path, options)) {
    read++;
    if (row.kind === "dropped") {
      countReason(dropped, row.reason);
      continue;
    }
    for (const turn of turnsOf(row, options)) {
      const { promptIds, completionIds } = at(where, () => encode(turn, tokenizer, options));
      const room = options.maxLength - promptIds.length;
      if (room < 1) {
        countReason(dropped, `a prompt of ${options.maxLength} tokens or more`);
        continue;
      }
      if (completionIds.length === 0) {
        countReason(dropped, "fewer than two tokens");
        continue;
      }
      if (completionIds.length > room) truncated++;
      examples.push({
        id: turn.suffix === undefined ? id : `${id}#${turn.suffix}`,
        prompt: promptKey(groupOf(row)),
        promptIds,
        completionIds: completionIds.slice(0, room),
      });
    }
  }
  if (examples.length > 0) return { examples, read, dropped, truncated };
  const reasons = Object.entries(dropped).map(([reason, count]) => `${count} ${reason}`);
  throw new UserError(
    `${path}: nothing to imitate is left of ${read} records: ${reasons.join("; ")}`,
  );
}

/** What records are kept together by: the prompt, or the text where there is none. */
function groupOf(row: DemonstrationRow | PairRow): TextOrMessages {
  if (row.prompt !== "" || row.kind === "pair") return row.prompt;
  return row.completion;
}

/** One text or turn to imitate. */
interface Turn {
  readonly prompt: TextOrMessages;
  readonly completion: TextOrMessages;
  readonly suffix?: number;
}

function turnsOf(
  row: DemonstrationRow | PairRow,
  { trainOn, turns }: DemonstrationOptions,
): Turn[] {
  const { prompt } = row;
  const completion = row.kind === "pair" ? row.chosen : row.completion;
  if (typeof prompt === "string" || typeof completion === "string") return [{ prompt, completion }];
  const whole: readonly ChatMessage[] = [...prompt, ...completion];
  // What a record gives as its prompt is context, as in TRL; of a pair, what came before was not chosen.
  const conversation = row.kind === "demonstration" && row.conversation === true;
  const earlier = !conversation || turns === "last" || trainOn === "all" ? prompt.length : 1;
  const places = whole.flatMap(({ role, content }, i) =>
    i >= earlier && role === "assistant" && content.trim() !== "" ? [i] : []
  );
  const last = trainOn === "all" ? places.slice(-1) : places;
  return last.map((place) => ({
    prompt: whole.slice(0, place),
    completion: whole.slice(place, place + 1),
    ...(places.length > 1 && { suffix: place }),
  }));
}

function encode(
  { prompt, completion }: Turn,
  tokenizer: TextTokenizer,
  { trainOn, chatTemplate }: DemonstrationOptions,
): { promptIds: Int32Array; completionIds: Int32Array } {
  // A text without a prompt goes through no template.
  const use = prompt === "" ? "never" : chatTemplate;
  const pair = { id: "", prompt, chosen: completion, rejected: completion };
  const { promptIds, chosenIds } = tokenizePair(pair, tokenizer, use);
  if (trainOn === "completion" && promptIds.length > 0) {
    return { promptIds, completionIds: chosenIds };
  }
  const ids = Int32Array.from([...promptIds, ...chosenIds]);
  return { promptIds: ids.slice(0, 1), completionIds: ids.slice(1) };
}

function at<T>(where: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${where}: ${messageOf(error)}`);
    throw error;
  }
}
