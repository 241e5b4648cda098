import { idleFor, type IdleOptions } from "../../../lib/cli/idle_options.ts";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { idleWithoutServer } from "../server_options.ts";
import type { generateOptions } from "./options.ts";

type GenerateOptions = OptionValues<typeof generateOptions>;

/** Options of `generate` without effect beside the others. */
export function idleOptions(options: GenerateOptions): IdleOptions<keyof GenerateOptions> {
  const { server, greedy, temperature } = options;
  return new Map<keyof GenerateOptions, string>([
    ...(server === undefined ? idleWithoutServer() : idleFor(["batch"], "--server")),
    ...(greedy ? idleFor(["temperature", "topP", "topK"], "--greedy") : []),
    ...(!greedy && temperature === 0 ? idleFor(["topP", "topK"], "--temperature 0") : []),
  ]);
}
