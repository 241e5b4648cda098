/** The review world: a small language whose every sentence has a known quality. */
export * from "./gold.ts";
export * from "./parse.ts";
export * from "./prompts.ts";
export * from "./sampler.ts";
export * from "./vocabulary.ts";
