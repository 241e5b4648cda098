import type { ChatMessage } from "../../text/chat_message.ts";
import type { DatasetRow, DatasetSchema } from "../dataset_row.ts";

/** A turn's start: after an empty line, or where the text begins. */
const TURN = /(?:^\s*|\n\n)(Human|Assistant):/g;
const ROLES: Readonly<Record<string, string>> = { Human: "user", Assistant: "assistant" };

/**
 * The turns of an HH-RLHF transcript, `\n\nHuman: ...\n\nAssistant: ...`; undefined for a text that
 * does not start with one (its two line breaks may be missing). Turns lose the blanks around them,
 * which are no part of what was said.
 */
export function parseTranscript(text: string): ChatMessage[] | undefined {
  const turns = [...text.matchAll(TURN)];
  if (turns[0]?.index !== 0) return undefined;
  return turns.map((turn, i) => ({
    role: ROLES[turn[1] as string] as string,
    content: text.slice(turn.index + turn[0].length, turns[i + 1]?.index).trim(),
  }));
}

/** Why a conversation can be no side of a pair; undefined where it can. */
function complaint(turns: readonly ChatMessage[]): string | undefined {
  if (turns.at(-1)?.role !== "assistant") return "the last turn is not the assistant's";
  if (turns.at(-1)?.content === "") return "an empty response";
  if (turns[0]?.role !== "user") return "the first turn is not the human's";
  const repeated = turns.some(({ role }, i) => role === turns[i + 1]?.role);
  if (repeated) return "two turns in a row of one speaker";
  return turns.some(({ content }) => content === "") ? "an empty turn" : undefined;
}

function readTranscripts(chosenText: string, rejectedText: string): DatasetRow {
  const chosen = parseTranscript(chosenText), rejected = parseTranscript(rejectedText);
  if (chosen === undefined || rejected === undefined) {
    return { kind: "dropped", reason: "no transcript of Human and Assistant" };
  }
  const reason = complaint(chosen) ?? complaint(rejected);
  if (reason !== undefined) return { kind: "dropped", reason };
  const prompt = chosen.slice(0, -1);
  const same = prompt.length === rejected.length - 1 &&
    prompt.every(({ role, content }, i) =>
      role === rejected[i]?.role && content === rejected[i]?.content
    );
  if (!same) return { kind: "dropped", reason: "the transcripts part before the last answer" };
  return { kind: "pair", prompt, chosen: chosen.slice(-1), rejected: rejected.slice(-1) };
}

/** Anthropic's HH-RLHF: two transcripts of one dialogue. */
export const hhRlhf: DatasetSchema = {
  name: "hh-rlhf",
  description: "HH-RLHF (Anthropic/hh-rlhf): transcripts, parsed into turns",
  matches: ({ prompt, chosen, rejected }) =>
    prompt === undefined &&
    [chosen, rejected].every((text) =>
      typeof text === "string" && /^\s*(Human|Assistant):/.test(text)
    ),
  read: (_where, { chosen, rejected }) =>
    typeof chosen === "string" && typeof rejected === "string"
      ? readTranscripts(chosen, rejected)
      : { kind: "dropped", reason: "no transcript of Human and Assistant" },
};
