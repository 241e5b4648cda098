import { UserError } from "../errors.ts";
import type { JudgeEndpoint } from "./judge_endpoint.ts";

/** Replies without a verdict in a row, beside those under way at once, after which all will be. */
const MOST_IN_A_ROW = 20;

/** Characters of a reply that are shown. */
const SHOWN = 200;

/** Counts replies without a readable verdict: a judge that gives none is paid for nothing. */
export class UnreadableReplies {
  readonly #endpoint: JudgeEndpoint;
  readonly #most: number;
  #inARow = 0;

  /** @param concurrency calls under way at once */
  constructor(endpoint: JudgeEndpoint, concurrency: number) {
    this.#endpoint = endpoint;
    this.#most = MOST_IN_A_ROW + concurrency;
  }

  /** @throws {UserError} where so many in a row have no verdict that it is the judge or its settings */
  add(reply: unknown): void {
    this.#inARow = this.#endpoint.verdictOf(reply) === null ? this.#inARow + 1 : 0;
    if (this.#inARow < this.#most) return;
    const { url, maxTokens } = this.#endpoint.identity;
    const text = JSON.stringify(reply) ?? "nothing";
    const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
    throw new UserError(
      `${url} gave ${this.#inARow} replies in a row without a verdict, the last one ` +
        (this.#endpoint.wasCut(reply)
          ? `cut at --judge-max-tokens ${maxTokens}: raise it, the same command then asks what was ` +
            "cut again"
          : `${shown}; what was done is kept: choose a judge that answers by JSON schema or tool`),
    );
  }
}
