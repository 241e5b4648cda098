import { idleFor } from "../../lib/cli/idle_options.ts";
import { integerOption, numberOption, textOption, urlOption } from "../../lib/cli/option.ts";

/** Options of commands that can leave the model to an inference server. */
export const serverOptions = {
  server: urlOption({
    flags: "--server <url>",
    description: "inference server with OpenAI's completions; --model is then its tokenizer",
  }),
  serverModel: textOption({
    flags: "--server-model <name>",
    description: "name of the model at the server",
    defaultText: "the first that it lists",
  }),
  concurrency: integerOption({
    flags: "--concurrency <n>",
    description: "requests under way at once, with --server",
    min: 1,
    default: 16,
  }),
  timeout: numberOption({
    flags: "--timeout <s>",
    description: "time after which a request counts as stalled, with --server",
    above: 0,
    default: 120,
  }),
};

/** Options of a server that have no effect without one. */
export function idleWithoutServer() {
  return idleFor(
    ["serverModel", "serverReference", "concurrency", "timeout"],
    "the model in this process (no --server)",
  );
}
