import { ANTHROPIC_KEY } from "./anthropic_endpoint.ts";
import { OPENAI_KEY } from "./openai_endpoint.ts";

/**
 * The key of a judge behind an interface, from the environment alone; undefined where it is missing.
 * A server of one's own (`url`) needs none.
 */
export function judgeKey(
  judge: "openai" | "anthropic",
  url: string | undefined,
): { readonly name: string; readonly key: string | undefined } {
  const name = judge === "openai" ? OPENAI_KEY : ANTHROPIC_KEY;
  return { name, key: Deno.env.get(name) || (url === undefined ? undefined : "none") };
}
