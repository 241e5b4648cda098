/**
 * Answers in the shapes of vLLM's OpenAI-compatible server, field for field with their nulls, from
 * its source at commit 030ea52effcb05071543c8c42b8f0145e94cee43 of vllm-project/vllm:
 *
 * - vllm/entrypoints/openai/completion/serving.py (`request_output_to_completion_response`,
 *   `_create_completion_logprobs`: tokens as `token_id:7`, -inf as -9999.0) and, at 002032ee2b18,
 *   completion/protocol.py (`CompletionResponse`, `CompletionResponseChoice`, `CompletionLogProbs`);
 * - vllm/entrypoints/generate/base/serving.py (`clamp_prompt_logprobs`: -inf as -9999.0);
 * - vllm/v1/engine/logprobs.py at 016e747a032d (`_make_pos_logprob_dict`: the most likely tokens
 *   first, the prompt's own after them where it is none of these);
 * - vllm/entrypoints/serve/tokenize/protocol.py (`TokenizeResponse`).
 */

/** One entry of `prompt_logprobs`: vLLM's dataclass `Logprob`. */
export interface VllmLogprob {
  readonly logprob: number;
  readonly rank: number;
  readonly decoded_token: string | null;
}

/** What an answer says of a prompt and of what was generated. */
export interface VllmAnswer {
  readonly model: string;
  readonly promptIds: readonly number[];
  readonly text: string;
  readonly ids: readonly number[];
  readonly finishReason: "stop" | "length";
  /** Whether `return_token_ids` was asked. */
  readonly tellsIds: boolean;
  readonly promptLogprobs?: readonly (Readonly<Record<string, VllmLogprob>> | null)[];
  readonly logprobs?: object;
}

/** `CompletionResponse`. */
export function vllmCompletion(answer: VllmAnswer): object {
  const { model, promptIds, text, ids, finishReason, tellsIds } = answer;
  return {
    ...{ id: "cmpl-0c2f3a", object: "text_completion", created: 1764000000, model },
    choices: [{
      ...{ index: 0, text, logprobs: answer.logprobs ?? null, finish_reason: finishReason },
      ...{ stop_reason: null, token_ids: tellsIds ? ids : null },
      prompt_logprobs: answer.promptLogprobs ?? null,
      prompt_token_ids: tellsIds ? promptIds : null,
      routed_experts: null,
    }],
    ...{ service_tier: null, system_fingerprint: null },
    usage: {
      ...{ prompt_tokens: promptIds.length, total_tokens: promptIds.length + ids.length },
      ...{ completion_tokens: ids.length, prompt_tokens_details: null },
    },
    ...{ kv_transfer_params: null, ec_transfer_params: null, metrics: null },
  };
}

/**
 * `prompt_logprobs` with `prompt_logprobs: 1`: null for the first token, then the most likely token
 * and the prompt's own, which is here never the most likely. The other's id is now smaller, now
 * larger, so that neither the first nor the last entry is always the prompt's own.
 */
export function vllmPromptLogprobs(
  ids: readonly number[],
  logps: readonly number[],
  textOf: (id: number) => string,
): (Record<string, VllmLogprob> | null)[] {
  const tables = logps.map((logprob, i) => {
    const own = ids[i + 1] as number;
    const other = own === 0 || i % 2 === 0 ? own + 1 : own - 1;
    return {
      [other]: { logprob: logprob / 2, rank: 1, decoded_token: textOf(other) },
      [own]: { logprob, rank: 2, decoded_token: textOf(own) },
    };
  });
  return [null, ...tables];
}

/** `CompletionLogProbs` of tokens, whose first may have none. */
export function vllmLogprobs(
  ids: readonly number[],
  logps: readonly (number | null)[],
  textOf: (id: number) => string,
  asIds: boolean,
): object {
  const tokens = ids.map((id) => asIds ? `token_id:${id}` : textOf(id));
  let offset = 0;
  const textOffset = tokens.map((token) => {
    offset += token.length;
    return offset - token.length;
  });
  return {
    text_offset: textOffset,
    token_logprobs: logps,
    tokens,
    top_logprobs: tokens.map((token, i) => logps[i] === null ? null : { [token]: logps[i] }),
  };
}

/** `ErrorResponse`. */
export function vllmError(code: number, message: string): Response {
  const error = { message, type: "BadRequestError", param: null, code };
  return Response.json({ error }, { status: code });
}
