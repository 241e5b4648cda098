import { UserError } from "../errors.ts";
import type { JudgeUsage } from "./judge_endpoint.ts";
import type { JudgePrompt } from "./judge_prompt.ts";

/** US dollars per million tokens. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
}

/** Bytes of English text per token, about. */
const BYTES_PER_TOKEN = 4;
/** Tokens that a provider may add to what it is sent: the form of the verdict, marks of turns. */
const OVERHEAD = 1024;
/** Tokens of `{"verdict": "second"}`, about. */
const VERDICT_TOKENS = 12;

/** Tokens of a call, about. */
export function likelyUsage(prompt: JudgePrompt): JudgeUsage {
  return { input: Math.ceil(bytesOf(prompt) / BYTES_PER_TOKEN), output: VERDICT_TOKENS };
}

/** What a call may cost at most: no token is shorter than a byte. */
export function worstUsage(prompt: JudgePrompt, maxTokens: number): JudgeUsage {
  return { input: bytesOf(prompt) + OVERHEAD, output: maxTokens };
}

/** US dollars. */
export function costOf({ input, output }: JudgeUsage, prices: TokenPrices): number {
  return (input * prices.input + output * prices.output) / 1e6;
}

/**
 * Holds what is spent below a limit: a call is begun only where its worst case, with those of the
 * calls under way, stays below.
 */
export class Budget {
  readonly #limit: number;
  #spent: number;
  #reserved = 0;
  #waiting: (() => void)[] = [];

  /** @param spent US dollars that earlier processes paid */
  constructor(limit: number, spent: number) {
    this.#limit = limit;
    this.#spent = spent;
  }

  /**
   * Waits until a call fits.
   *
   * @returns what to call with the call's real cost
   * @throws {UserError} where it will never fit
   */
  async reserve(worst: number): Promise<(cost: number) => void> {
    while (this.#spent + this.#reserved + worst > this.#limit) {
      if (this.#reserved === 0) {
        throw new UserError(
          `the next call could exceed --max-cost ${this.#limit}: $${this.#spent.toFixed(4)} are ` +
            `spent and it may cost up to $${worst.toFixed(4)}; what was done is kept: raise ` +
            "--max-cost to go on",
        );
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#reserved += worst;
    return (cost) => {
      // Sums of dollars leave crumbs: none under way is exactly 0.
      this.#reserved = Math.max(0, this.#reserved - worst);
      if (this.#reserved < 1e-12) this.#reserved = 0;
      this.#spent += cost;
      this.#waiting.splice(0).forEach((wake) => wake());
    };
  }
}

function bytesOf({ system, user }: JudgePrompt): number {
  return new TextEncoder().encode(system + user).length;
}
