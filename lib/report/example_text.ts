import type { TextOrMessages } from "../data/preference.ts";

/** A text, or messages as readers see them: a line each, with its role. */
export function textOf(text: TextOrMessages): string {
  return typeof text === "string"
    ? text
    : text.map(({ role, content }) => `${role}: ${content}`).join("\n");
}
