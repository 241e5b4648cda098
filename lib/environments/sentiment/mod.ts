/** Controlled sentiment: its prompts, and the sentiment of a text. */
export { SENTIMENT_CAP, sentimentOf } from "./lexicon.ts";
export { reviewPrompts } from "./prompts.ts";
