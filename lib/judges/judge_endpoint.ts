import type { JudgePrompt } from "./judge_prompt.ts";
import type { Verdict } from "./comparison.ts";

/** Tokens that a reply was charged for. */
export interface JudgeUsage {
  readonly input: number;
  readonly output: number;
}

/** A model behind an interface for chats, asked for verdicts. */
export interface JudgeEndpoint {
  /** Everything that decides its replies, without keys: records and journals carry it. */
  readonly identity: {
    readonly provider: "openai" | "anthropic";
    readonly url: string;
    readonly model: string;
    readonly temperature: number | null;
    readonly maxTokens: number;
  };
  /**
   * One call, made once.
   *
   * @returns the body of the reply as it came
   * @throws {UserError} where no call can help; {FailedCall} where this one brought no reply
   */
  ask(prompt: JudgePrompt, seed: number): Promise<unknown>;
  /** The declared field of a reply; null for prose, another form or an unknown verdict. */
  verdictOf(reply: unknown): Verdict | null;
  /** Whether a reply ended at `maxTokens`. */
  wasCut(reply: unknown): boolean;
  /** What a reply was charged for, where it says so. */
  usageOf(reply: unknown): JudgeUsage | null;
}

/** How an endpoint is opened. */
export interface EndpointOptions {
  readonly model: string;
  /** Address of the interface; undefined: the provider's own. */
  readonly url?: string | undefined;
  /** Secret: goes to the endpoint alone. */
  readonly key: string;
  /** null: the model's own, for models that take none. */
  readonly temperature: number | null;
  /** Longest reply, tokens. */
  readonly maxTokens: number;
  /** Seconds after which a call counts as stalled. */
  readonly timeout: number;
}

/**
 * Request options that end a call whose reply has begun and stalls: the clients' own timers stand
 * still once the headers are there.
 *
 * @param timeout seconds
 */
export function wholeReply(timeout: number): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(1000 * timeout) };
}

/** The verdict in a declared object, where it is one. */
export function declaredVerdict(value: unknown): Verdict | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const verdict = Object.hasOwn(value, "verdict") ? (value as { verdict: unknown }).verdict : null;
  return verdict === "first" || verdict === "second" || verdict === "tie" ? verdict : null;
}

/** A count of tokens, or null where it is none. */
export function tokenCount(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : null;
}
