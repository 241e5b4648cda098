import { UserError } from "../errors.ts";
import { sideBySide } from "../server/side_by_side.ts";
import { UnderWay } from "../server/under_way.ts";
import {
  type Comparison,
  judged,
  type JudgedComparison,
  type Order,
  ORDERS,
  type Verdict,
} from "./comparison.ts";
import { FailedCall, isFree } from "./failed_call.ts";
import type { JudgeEndpoint, JudgeUsage } from "./judge_endpoint.ts";
import { type JudgePrompt, judgePrompt } from "./judge_prompt.ts";
import { type Refusal, RefusedQuestions } from "./refused_questions.ts";
import { type CallPlace, type KeptReply, ReplyJournal } from "./reply_journal.ts";
import { UnreadableReplies } from "./unreadable_replies.ts";
import { Budget, costOf, likelyUsage, type TokenPrices, worstUsage } from "./spending.ts";

/** Questions to one order of a comparison until a verdict can be read. */
const ATTEMPTS = 3;
/** Calls for one question until the endpoint gives up. */
const CALLS = 6;
/** Wait after the first call that failed, where the server asks for none, ms; it doubles. */
const RETRY_MS = 1000;

/** How comparisons are judged by a model. */
export interface PairJudging {
  readonly endpoint: JudgeEndpoint;
  /** File of every call and raw reply. */
  readonly journal: string;
  readonly seed: number;
  /** Calls under way at once. */
  readonly concurrency: number;
  /** Undefined: unknown; costs are then not told. */
  readonly prices?: TokenPrices | undefined;
  /** US dollars that the whole file of replies may cost. Needs prices. */
  readonly maxCost?: number | undefined;
}

/** What calls cost, or will. */
export interface JudgingCost {
  /** Calls that there are to make, or were made. */
  readonly calls: number;
  readonly tokens: JudgeUsage;
  /** US dollars; null where prices are unknown. */
  readonly dollars: number | null;
  /** Of the calls, one after another; null where nothing was measured. */
  readonly seconds: number | null;
}

/** A question that the endpoint refuses, whose comparison has no preference for it. */
export interface RefusedQuestion extends Refusal {
  /** Of the comparison. */
  readonly id: string;
  readonly order: Order;
}

/** A comparison and an order: the verdict of the replies that are there, or what to do. */
interface Settled {
  readonly verdict: Verdict | null;
  /** Of the last question, from 0. */
  readonly attempt: number;
  /** The next question to ask; undefined for none. */
  readonly next?: JudgePrompt;
  /** How the last question was refused; undefined where it was not. */
  readonly refused?: Refusal;
}

/** Where a question belongs. */
type Place = Omit<CallPlace, "worst">;

/** Judges pairs by a model: asks both orders, keeps every raw reply, pays for none twice. */
export class PairJudge {
  readonly #options: PairJudging;
  readonly #journal: ReplyJournal;
  readonly #refused: RefusedQuestions;
  readonly #unreadable: UnreadableReplies;
  readonly #budget: Budget;
  readonly #waitMs: number;
  /** Questions under way: both orders of equal answers, say, are one. */
  readonly #underWay = new UnderWay<void>();

  /**
   * Reads what earlier processes kept.
   *
   * @param waitMs before a call that failed is made again; for tests
   * @throws {UserError} for a file that is no journal
   */
  constructor(options: PairJudging, waitMs = RETRY_MS) {
    this.#options = options;
    this.#waitMs = waitMs;
    this.#journal = new ReplyJournal(options.journal);
    const { endpoint: { identity: { url } }, concurrency } = options;
    this.#refused = new RefusedQuestions(this.#journal, { url, concurrency });
    this.#unreadable = new UnreadableReplies(options.endpoint, concurrency);
    const { maxCost = Infinity } = options;
    this.#budget = new Budget(maxCost, this.#dollars([this.spent.tokens, ...this.#journal.lost]));
  }

  /** What the replies in the file have cost; without lost ones, see `lost`. */
  get spent(): JudgingCost {
    const { replies } = this.#journal;
    const tokens = sumOf(replies.map((kept) => this.#usageOf(kept)));
    const seconds = replies.reduce((sum, reply) => sum + reply.seconds, 0);
    return { calls: replies.length, tokens, dollars: this.#known(tokens), seconds };
  }

  /** Calls whose replies never came whole: in a killed process, on a cut line, in time. */
  get lost(): number {
    return this.#journal.lost.length;
  }

  /** Questions of these comparisons that were refused: this process does not ask them again. */
  refused(comparisons: readonly Comparison[]): RefusedQuestion[] {
    return comparisons.flatMap((comparison) =>
      ORDERS.flatMap((order) => {
        const { refused } = this.#settled(comparison, order);
        return refused === undefined ? [] : [{ id: comparison.id, order, ...refused }];
      })
    );
  }

  /** What is to do for these comparisons, about. */
  estimate(comparisons: readonly Comparison[]): JudgingCost {
    const all = comparisons.flatMap((comparison) =>
      ORDERS.flatMap((order) => this.#settled(comparison, order).next ?? [])
    );
    const prompts = [...new Map(all.map((prompt) => [keyOf(prompt), prompt])).values()];
    const tokens = sumOf(prompts.map(likelyUsage));
    const { calls, seconds } = this.spent;
    const perCall = calls === 0 ? null : (seconds ?? 0) / calls;
    return {
      ...{ calls: prompts.length, tokens, dollars: this.#known(tokens) },
      seconds: perCall === null ? null : perCall * prompts.length / this.#options.concurrency,
    };
  }

  /**
   * Judges the comparisons, in order.
   *
   * @param onDone called after each verdict, two a comparison
   * @throws {UserError} where the endpoint gives up, gives no verdicts or the money ends: what was
   * answered is kept
   */
  async judge(
    comparisons: readonly Comparison[],
    onDone: () => void = () => {},
  ): Promise<JudgedComparison[]> {
    const questions = comparisons.flatMap((comparison) =>
      ORDERS.map((order) => ({ comparison, order }))
    );
    const { concurrency } = this.#options;
    const wasAnswered = questions.some(({ comparison, order }) => this.#isBegun(comparison, order));
    const verdicts = await sideBySide(questions, concurrency, async ({ comparison, order }) => {
      const verdict = await this.#verdict(comparison, order);
      onDone();
      return verdict;
    });
    this.#refused.end(wasAnswered);
    return comparisons.map((comparison, i) =>
      judged(comparison, {
        "answer first": verdicts[2 * i] ?? null,
        "baseline first": verdicts[2 * i + 1] ?? null,
      })
    );
  }

  /** The verdict of the replies that are there, or the next question to ask. */
  #settled(comparison: Comparison, order: Order): Settled {
    const { endpoint, seed } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const prompt = judgePrompt(comparison, order, seed, attempt);
      const request = this.#request(prompt, attempt);
      const kept = this.#keptReply(request);
      if (kept === undefined) {
        const refused = this.#refused.of(request);
        return {
          verdict: null,
          attempt,
          ...(refused === undefined ? { next: prompt } : { refused }),
        };
      }
      const verdict = endpoint.verdictOf(kept.reply);
      if (verdict !== null) return { verdict, attempt };
    }
    return { verdict: null, attempt: ATTEMPTS };
  }

  /** Whether a reply is there. */
  #isBegun(comparison: Comparison, order: Order): boolean {
    const prompt = judgePrompt(comparison, order, this.#options.seed, 0);
    return this.#keptReply(this.#request(prompt, 0)) !== undefined;
  }

  /** A reply that was cut at a limit below today's is asked for again. */
  #keptReply(request: unknown): KeptReply | undefined {
    const { endpoint } = this.#options;
    const kept = this.#journal.kept(request);
    return kept !== undefined && kept.worst.output < endpoint.identity.maxTokens &&
        endpoint.wasCut(kept.reply) && endpoint.verdictOf(kept.reply) === null
      ? undefined
      : kept;
  }

  async #verdict(comparison: Comparison, order: Order): Promise<Verdict | null> {
    for (;;) {
      const { verdict, next, attempt } = this.#settled(comparison, order);
      if (next === undefined) return verdict;
      const place = { id: comparison.id, order, attempt };
      await this.#underWay.share(keyOf(next), () => this.#ask(next, place));
    }
  }

  /** Asks until there is a reply, or the question is refused. */
  async #ask(prompt: JudgePrompt, place: Place): Promise<void> {
    for (let call = 1;; call++) {
      const failed = await this.#call(prompt, place);
      if (failed === null) return;
      if (failed.kind === "question") {
        this.#refused.add(this.#request(prompt, place.attempt), failed.message);
        return;
      }
      if (call === CALLS) throw new UserError(failed.message);
      const wait = failed.waitMs ?? this.#waitMs * 2 ** (call - 1);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  /** Makes one call within the budget. @returns how it failed, null where it did not */
  async #call(prompt: JudgePrompt, place: Place): Promise<FailedCall | null> {
    const { endpoint, seed } = this.#options;
    const worst = worstUsage(prompt, endpoint.identity.maxTokens);
    const settle = await this.#budget.reserve(this.#dollars([worst]));
    const answered = this.#refused.begin();
    // A reply that was lost counts as dear as it may be.
    let usage: JudgeUsage = worst;
    let reply: unknown;
    try {
      const request = this.#request(prompt, place.attempt);
      const ask = () => endpoint.ask(prompt, seed + place.attempt);
      const kept = await this.#journal.call(request, { ...place, worst }, ask);
      usage = this.#usageOf(kept);
      reply = kept.reply;
    } catch (error) {
      if (isFree(error)) usage = { input: 0, output: 0 };
      if (error instanceof FailedCall) return error;
      throw error;
    } finally {
      settle(this.#dollars([usage]));
    }
    answered();
    this.#unreadable.add(reply);
    return null;
  }

  /** Without the limit of tokens: a verdict is no other under a higher one. */
  #request(prompt: JudgePrompt, attempt: number): unknown {
    const { endpoint: { identity: { maxTokens: _, ...identity } }, seed } = this.#options;
    return [identity, prompt, seed + attempt];
  }

  /** Where a reply does not say what it cost, what its question may have. */
  #usageOf({ reply, worst }: KeptReply): JudgeUsage {
    return this.#options.endpoint.usageOf(reply) ?? worst;
  }

  #dollars(usages: readonly JudgeUsage[]): number {
    const { prices } = this.#options;
    return prices === undefined ? 0 : costOf(sumOf(usages), prices);
  }

  #known(tokens: JudgeUsage): number | null {
    return this.#options.prices === undefined ? null : this.#dollars([tokens]);
  }
}

/** Prompts of two attempts differ by their nonce. */
function keyOf({ system, user }: JudgePrompt): string {
  return JSON.stringify([system, user]);
}

function sumOf(usages: readonly JudgeUsage[]): JudgeUsage {
  return usages.reduce(
    (sum, { input, output }) => ({ input: sum.input + input, output: sum.output + output }),
    { input: 0, output: 0 },
  );
}
