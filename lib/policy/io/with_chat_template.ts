import { UserError } from "../../errors.ts";
import { createHfTokenizer } from "../../text/hf_tokenizer.ts";
import { parseJsonObject } from "./files.ts";
import type { ModelFiles } from "./model_files.ts";

/**
 * The model with another chat template, in memory and in the files that are saved with its results.
 *
 * @param template Jinja, as in a `chat_template.jinja`
 * @throws {UserError} if the template cannot be used
 */
export function withChatTemplate(files: ModelFiles, template: string): ModelFiles {
  const json = (name: string) => {
    const bytes = files.sourceFiles.get(name);
    return bytes && parseJsonObject(new TextDecoder().decode(bytes), name);
  };
  const tokenizer = json("tokenizer.json");
  if (tokenizer === undefined) {
    throw new UserError(`${files.origin}: has no tokenizer.json to put a chat template on`);
  }
  const bytes = new TextEncoder().encode(template);
  return {
    ...files,
    tokenizer: createHfTokenizer({
      origin: files.origin,
      tokenizer,
      tokenizerConfig: json("tokenizer_config.json") ?? {},
      chatTemplate: template,
      eosTokenIds: [...files.tokenizer.stopTokenIds],
    }),
    sourceFiles: new Map([...files.sourceFiles, ["chat_template.jinja", bytes]]),
  };
}
