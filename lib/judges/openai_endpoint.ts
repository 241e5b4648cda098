import OpenAI from "openai";
import { failedCall } from "./failed_call.ts";
import {
  declaredVerdict,
  type EndpointOptions,
  type JudgeEndpoint,
  tokenCount,
  wholeReply,
} from "./judge_endpoint.ts";
import { VERDICT_NAME, VERDICT_SCHEMA } from "./judge_prompt.ts";

const OWN_URL = "https://api.openai.com/v1";

/** Name of the environment variable with OpenAI's key. */
export const OPENAI_KEY = "OPENAI_API_KEY";

/** A judge behind OpenAI's chat completions, or any server that speaks them (vLLM, llama.cpp, Ollama). */
export function openAiEndpoint(options: EndpointOptions): JudgeEndpoint {
  const { model, key, temperature, maxTokens, timeout } = options;
  const url = options.url ?? OWN_URL;
  const client = new OpenAI({
    ...{ apiKey: key, baseURL: url, organization: null, project: null },
    ...{ maxRetries: 0, timeout: timeout * 1000, logLevel: "off" },
  });
  // OpenAI's own models take the new name alone, other servers the old one.
  const limit = options.url === undefined
    ? { max_completion_tokens: maxTokens }
    : { max_tokens: maxTokens };
  return {
    identity: { provider: "openai", url, model, temperature, maxTokens },
    ask: async ({ system, user }, seed) => {
      try {
        return await client.chat.completions.create({
          ...{ model, seed, ...limit, ...(temperature === null ? {} : { temperature }) },
          messages: [{ role: "system", content: system }, { role: "user", content: user }],
          response_format: {
            type: "json_schema",
            json_schema: { name: VERDICT_NAME, strict: true, schema: VERDICT_SCHEMA },
          },
        }, wholeReply(timeout));
      } catch (error) {
        throw failedCall(error, { url, key, keyName: OPENAI_KEY });
      }
    },
    verdictOf: (reply) => {
      const { choices } = (reply ?? {}) as { choices?: { message?: { content?: unknown } }[] };
      const content = Array.isArray(choices) ? choices[0]?.message?.content : undefined;
      if (typeof content !== "string") return null;
      try {
        return declaredVerdict(JSON.parse(content));
      } catch {
        return null; // prose
      }
    },
    wasCut: (reply) => {
      const { choices } = (reply ?? {}) as { choices?: { finish_reason?: unknown }[] };
      return Array.isArray(choices) && choices[0]?.finish_reason === "length";
    },
    usageOf: (reply) => {
      const { usage } = (reply ?? {}) as {
        usage?: { prompt_tokens?: unknown; completion_tokens?: unknown };
      };
      const [input, output] = [
        tokenCount(usage?.prompt_tokens),
        tokenCount(usage?.completion_tokens),
      ];
      return input === null || output === null ? null : { input, output };
    },
  };
}
