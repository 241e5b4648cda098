/**
 * Answers in the shape of llama-cpp-python's server, from its source at commit
 * 3691546f1c9e0c1bf93323dff02230bd959cf562 of abetlen/llama-cpp-python (0.3.35).
 */

/** What an answer with `echo` and `logprobs` is made of. */
export interface LlamaCppEcho {
  readonly model: string;
  /** As it was sent. */
  readonly prompt: string;
  /** Its tokens, with the start token where the model adds one. */
  readonly promptTokens: readonly number[];
  /** Generated tokens; none where the first would have ended the text. */
  readonly made: readonly number[];
  readonly bos: number;
  /** A token's text, which is none for a special one. */
  readonly textOf: (id: number) => string;
  /** What a row of scores says of a token: its log-probability after promptTokens[0..row]. */
  readonly logp: (row: number, id: number) => number;
}

/**
 * llama_cpp/llama.py, `_create_completion` without `stream`: a token that ends a text breaks off
 * before it is appended (line 1412), the list has neither the first token if it is the start token
 * (1738) nor any other start token (1757), scores have a row for each token that was evaluated, which
 * the last generated one was not, and `zip` cuts the list to as many.
 */
export function llamaCppEcho(
  { model, prompt, promptTokens, made, bos, textOf, logp }: LlamaCppEcho,
): object {
  const all = [...promptTokens.slice(promptTokens[0] === bos ? 1 : 0), ...made];
  const rows = promptTokens.length + Math.max(0, made.length - 1);
  const tokens: string[] = [], logps: (number | null)[] = [];
  all.slice(0, rows).forEach((id, row) => {
    if (id === bos) return;
    tokens.push(textOf(id));
    logps.push(logp(row, id));
  });
  logps[0] = null;
  const text = prompt + made.map(textOf).join("");
  return {
    ...{ id: "cmpl-6d1f", object: "text_completion", created: 1764000000, model },
    choices: [{
      ...{ text, index: 0, finish_reason: made.length === 0 ? "stop" : "length" },
      logprobs: {
        ...{ tokens, text_offset: tokens.map(() => 0), token_logprobs: logps },
        top_logprobs: logps.map((logp) => logp === null ? null : {}),
      },
    }],
    usage: {
      ...{ prompt_tokens: promptTokens.length, completion_tokens: made.length },
      total_tokens: promptTokens.length + made.length,
    },
  };
}
