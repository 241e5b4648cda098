import { UserError } from "../errors.ts";
import { JUDGE_ADVICE } from "./failed_call.ts";
import type { ReplyJournal } from "./reply_journal.ts";

/** Questions refused in a row, beside those under way at once, after which it is not the questions. */
const MOST_IN_A_ROW = 20;

/** How a server is known whose refusals are kept. */
export interface RefusingServer {
  readonly url: string;
  /** Calls under way at once. */
  readonly concurrency: number;
}

/** A refusal of one question. */
export interface Refusal {
  /** What the server said. */
  readonly reason: string;
  /** Whether it holds for this process alone: the next one asks the question again. */
  readonly askedAgain: boolean;
}

/**
 * Questions that a server refused (400, 413, 422): too long for it, say, or filtered. A wrong model or
 * option, and credit that ran out, look the same, so a refusal holds for good only where a question
 * that was asked after it got a reply. The last ones hold for this process: the next asks them again,
 * which costs nothing where they are refused again.
 */
export class RefusedQuestions {
  readonly #journal: ReplyJournal;
  readonly #server: RefusingServer;
  /** Refusals that no reply has followed yet, by the request's JSON. */
  readonly #open = new Map<string, { readonly request: unknown; readonly reason: string }>();
  #anyReply = false;

  /** @param journal keeps those that hold for good */
  constructor(journal: ReplyJournal, server: RefusingServer) {
    this.#journal = journal;
    this.#server = server;
  }

  /** How the server refused a request; undefined where it did not. */
  of(request: unknown): Refusal | undefined {
    const open = this.#open.get(JSON.stringify(request));
    if (open !== undefined) return { reason: open.reason, askedAgain: true };
    const reason = this.#journal.refusal(request);
    return reason === undefined ? undefined : { reason, askedAgain: false };
  }

  /** @throws {UserError} where so many were refused in a row that it is the judge's settings */
  add(request: unknown, reason: string): void {
    this.#open.set(JSON.stringify(request), { request, reason });
    if (this.#open.size < MOST_IN_A_ROW + this.#server.concurrency) return;
    throw this.#stop(`refused ${this.#open.size} questions in a row`);
  }

  /** Begins another call. @returns what to call when it has brought a reply */
  begin(): () => void {
    const before = [...this.#open.keys()];
    return () => {
      this.#anyReply = true;
      for (const key of before) this.#hold(key);
    };
  }

  /**
   * Everything was asked.
   *
   * @param wasAnswered whether an earlier process got replies to these questions
   * @throws {UserError} where all were refused
   */
  end(wasAnswered: boolean): void {
    if (this.#open.size === 0 || this.#anyReply || wasAnswered) return;
    throw this.#stop("refused every question");
  }

  #hold(key: string): void {
    const found = this.#open.get(key);
    if (found !== undefined) this.#journal.refuse(found.request, found.reason);
    this.#open.delete(key);
  }

  #stop(what: string): UserError {
    const { reason = "" } = [...this.#open.values()].at(-1) ?? {};
    return new UserError(
      `${this.#server.url} ${what}, the last one by: ${reason}; what was done is kept: ` +
        JUDGE_ADVICE,
    );
  }
}
