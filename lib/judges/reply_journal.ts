import { messageOf, UserError } from "../errors.ts";
import { appendDurably } from "../files/durable_file.ts";
import { sha256 } from "../files/fingerprint.ts";
import { wholeLines } from "../files/whole_lines.ts";
import { isFree } from "./failed_call.ts";
import type { JudgeUsage } from "./judge_endpoint.ts";

/** A call's place, for readers of the journal, and what it may cost. */
export interface CallPlace {
  readonly id: string;
  readonly order: string;
  readonly attempt: number;
  readonly worst: JudgeUsage;
}

/** A reply as it came. */
export interface KeptReply {
  readonly reply: unknown;
  /** From question to reply. */
  readonly seconds: number;
  /** What it may have cost, where the reply does not say. */
  readonly worst: JudgeUsage;
}

/** A line of the file: before a call, after it, after it was refused, or of a question refused for good. */
type Line =
  & { readonly key: string }
  & (
    | ({ readonly asked: true } & CallPlace)
    | Omit<KeptReply, "worst">
    | { readonly refused: string }
    | { readonly unanswerable: string }
  );

/**
 * Every call to a judge and every raw reply, a line each, durably and as they come: a call that was
 * answered is never made again. A line goes before each call too, so that a killed process leaves
 * word of the calls whose replies were lost: those may be charged twice.
 */
export class ReplyJournal {
  readonly #path: string;
  /** The last one to each request. */
  readonly #replies = new Map<string, KeptReply>();
  readonly #all: KeptReply[] = [];
  /** What calls under way may cost, by key. */
  readonly #open = new Map<string, JudgeUsage>();
  readonly #lost: JudgeUsage[] = [];
  readonly #unanswerable = new Map<string, string>();

  /**
   * Opens the file and reads what earlier processes left; a torn last line is cut off.
   *
   * @throws {UserError} where a line is not one of ours
   */
  constructor(path: string) {
    this.#path = path;
    let number = 0;
    for (const line of wholeLines(path)) {
      number++;
      try {
        this.#read(JSON.parse(line) as Line);
      } catch {
        throw new UserError(
          `${path} line ${number} is no kept reply: remove the file to pay for every call again`,
        );
      }
    }
    for (const key of this.#open.keys()) this.#lose(key);
  }

  /** What calls whose replies never came whole may have cost, those of earlier processes too. */
  get lost(): readonly JudgeUsage[] {
    return this.#lost;
  }

  /** All replies, in the order they came. */
  get replies(): readonly KeptReply[] {
    return this.#all;
  }

  /** The last kept reply to a request; undefined where there is none. */
  kept(request: unknown): KeptReply | undefined {
    return this.#replies.get(keyOf(request));
  }

  /** Why a request was refused for good; undefined where it was not. */
  refusal(request: unknown): string | undefined {
    return this.#unanswerable.get(keyOf(request));
  }

  /** Keeps that a request was refused for good: it is not made again. */
  refuse(request: unknown, reason: string): void {
    this.#append({ key: keyOf(request), unanswerable: reason });
  }

  /**
   * Makes a call and keeps its reply. The request says everything that decides it.
   *
   * @throws what the call throws; it counts as lost where `isFree` does not say otherwise
   */
  async call(
    request: unknown,
    place: CallPlace,
    make: () => Promise<unknown>,
  ): Promise<KeptReply> {
    const key = keyOf(request);
    this.#append({ key, asked: true, ...place });
    const started = performance.now();
    let reply: unknown;
    try {
      reply = await make() ?? null;
    } catch (error) {
      if (isFree(error)) this.#append({ key, refused: messageOf(error) });
      else this.#lose(key);
      throw error;
    }
    const seconds = Math.round(performance.now() - started) / 1000;
    this.#append({ key, reply, seconds });
    return { reply, seconds, worst: place.worst };
  }

  #append(line: Line): void {
    appendDurably(this.#path, new TextEncoder().encode(`${JSON.stringify(line)}\n`));
    this.#read(line);
  }

  #read(line: Line): void {
    const { key } = line;
    if (typeof key !== "string") throw new TypeError("no key");
    if ("asked" in line) {
      this.#lose(key);
      this.#open.set(key, line.worst);
      return;
    }
    if ("unanswerable" in line) {
      if (typeof line.unanswerable !== "string") throw new TypeError("no reason");
      this.#unanswerable.set(key, line.unanswerable);
      return;
    }
    const worst = this.#open.get(key);
    if (worst === undefined) {
      // Earlier versions asked equal questions side by side; the first then counts as lost.
      if (this.#replies.has(key)) return;
      throw new TypeError("never asked");
    }
    this.#open.delete(key);
    if ("reply" in line) {
      const kept = { ...{ reply: line.reply, worst }, seconds: line.seconds };
      this.#replies.set(key, kept);
      this.#all.push(kept);
    } else if (!("refused" in line)) throw new TypeError("no reply");
  }

  #lose(key: string): void {
    const worst = this.#open.get(key);
    if (worst !== undefined) this.#lost.push(worst);
    this.#open.delete(key);
  }
}

function keyOf(request: unknown): string {
  return sha256(JSON.stringify(request)).slice(0, 32);
}
