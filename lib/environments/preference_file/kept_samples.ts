import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { PreferencePair, TextOrMessages, TokenizedPair } from "../../data/preference.ts";
import { messageOf, UserError } from "../../errors.ts";
import { writeDurably } from "../../files/durable_file.ts";
import type { Evaluation } from "../../sera/types.ts";

/** What a policy answered to one held-out prompt. */
export interface KeptSample {
  /** As the data file has it; a conversation as lines "role: content". */
  readonly prompt: string;
  readonly responses: readonly string[];
}

/**
 * Keeps the texts of a policy's samples in a file, each iteration's over those of the one before.
 *
 * @param evaluated the pairs whose prompts are answered
 * @param pairs all pairs as text
 * @param text of token ids
 */
export function sampleKeeper(
  path: string,
  evaluated: readonly TokenizedPair[],
  pairs: readonly PreferencePair[],
  text: (ids: ArrayLike<number>) => string,
): NonNullable<Evaluation["onSamples"]> {
  const prompts = new Map(pairs.map(({ id, prompt }) => [id, promptText(prompt)]));
  return (iteration, responses) => {
    const samples = evaluated.map(({ id }, i): KeptSample => ({
      prompt: prompts.get(id) ?? "",
      responses: (responses[i] ?? []).map(({ ids }) => text(ids)),
    }));
    Deno.mkdirSync(dirname(path), { recursive: true });
    writeDurably(path, [new TextEncoder().encode(JSON.stringify({ iteration, samples }) + "\n")]);
  };
}

/**
 * The samples that `sampleKeeper` kept; undefined where it kept none.
 *
 * @throws {UserError} for a file that was changed by hand
 */
export function readSamples(path: string): readonly KeptSample[] | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { samples } = JSON.parse(Deno.readTextFileSync(path)) as { samples: KeptSample[] };
    if (!Array.isArray(samples)) throw new TypeError("it holds no samples");
    return samples;
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${messageOf(error)}; remove it and its record`);
  }
}

function promptText(prompt: TextOrMessages): string {
  if (typeof prompt === "string") return prompt;
  const [only, ...more] = prompt;
  if (only?.role === "user" && more.length === 0) return only.content;
  return prompt.map(({ role, content }) => `${role}: ${content}`).join("\n");
}
