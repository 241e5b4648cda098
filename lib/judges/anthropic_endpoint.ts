import Anthropic from "@anthropic-ai/sdk";
import { failedCall } from "./failed_call.ts";
import {
  declaredVerdict,
  type EndpointOptions,
  type JudgeEndpoint,
  tokenCount,
  wholeReply,
} from "./judge_endpoint.ts";
import { VERDICT_NAME, VERDICT_SCHEMA } from "./judge_prompt.ts";

const OWN_URL = "https://api.anthropic.com";

/** Name of the environment variable with Anthropic's key. */
export const ANTHROPIC_KEY = "ANTHROPIC_API_KEY";

/** A judge behind Anthropic's messages: the verdict is the input of a tool that it must call. */
export function anthropicEndpoint(options: EndpointOptions): JudgeEndpoint {
  const { model, key, temperature, maxTokens, timeout } = options;
  const url = options.url ?? OWN_URL;
  const client = new Anthropic({
    ...{ apiKey: key, authToken: null, baseURL: url, maxRetries: 0 },
    ...{ timeout: timeout * 1000, logLevel: "off", openTelemetry: false },
  });
  const { required, ...schema } = VERDICT_SCHEMA;
  const tool: Anthropic.Tool = {
    name: VERDICT_NAME,
    description: "Gives the verdict.",
    input_schema: { ...schema, required: [...required] },
  };
  return {
    identity: { provider: "anthropic", url, model, temperature, maxTokens },
    ask: async ({ system, user }) => {
      try {
        return await client.messages.create({
          ...{ model, system, max_tokens: maxTokens },
          ...(temperature === null ? {} : { temperature }),
          messages: [{ role: "user", content: user }],
          tools: [tool],
          tool_choice: { type: "tool", name: VERDICT_NAME, disable_parallel_tool_use: true },
        }, wholeReply(timeout));
      } catch (error) {
        throw failedCall(error, { url, key, keyName: ANTHROPIC_KEY });
      }
    },
    verdictOf: (reply) => {
      const { content } = (reply ?? {}) as { content?: unknown };
      const calls = Array.isArray(content)
        ? content.filter((block) => block?.type === "tool_use" && block?.name === VERDICT_NAME)
        : [];
      return calls.length === 1 ? declaredVerdict(calls[0].input) : null;
    },
    wasCut: (reply) => (reply as { stop_reason?: unknown } | null)?.stop_reason === "max_tokens",
    usageOf: (reply) => {
      const { usage } = (reply ?? {}) as {
        usage?: { input_tokens?: unknown; output_tokens?: unknown };
      };
      const [input, output] = [tokenCount(usage?.input_tokens), tokenCount(usage?.output_tokens)];
      return input === null || output === null ? null : { input, output };
    },
  };
}
