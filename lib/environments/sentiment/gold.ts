import { quantile } from "simple-statistics";
import type { GoldReward } from "../../metrics/gold.ts";
import type { LanguageModel } from "../../policy/language_model.ts";
import type { PromptGroup } from "../../policy/packing.ts";
import { completionLogps } from "../../policy/sequence_logps.ts";
import { SENTIMENT_CAP, sentimentOf } from "./lexicon.ts";

/** This share of the SFT model's own responses does not count as fluent. */
const NOT_FLUENT = 0.05;

/**
 * Least log-probability per token, nats, of a fluent response: the 5 % quantile of the SFT model's own.
 *
 * @param logps of its samples under itself, nats, summed over tokens
 * @param lengths of these, tokens
 */
export function fluencyThreshold(logps: readonly number[], lengths: readonly number[]): number {
  return quantile(logps.map((logp, i) => logp / (lengths[i] as number)), NOT_FLUENT);
}

/** What the gold reward of a seed knows. */
export interface SentimentGoldOptions {
  /** The frozen SFT model, which says what is fluent. */
  readonly sft: LanguageModel;
  /** Least log-probability per token under it, nats, of a response that counts as fluent. */
  readonly fluentFrom: number;
  /** The text of token ids. */
  text(ids: Int32Array): string;
}

/**
 * Sentiment of fluent responses; the worst sentiment for the others, so that a policy gains nothing by
 * words that the SFT model would not put there.
 */
export class SentimentGold implements GoldReward {
  readonly #options: SentimentGoldOptions;
  readonly #perToken = new Map<string, number>();

  constructor(options: SentimentGoldOptions) {
    this.#options = options;
  }

  /** Scores under the SFT model what the caller did not. */
  async prepare(groups: readonly PromptGroup[], sftLogps?: readonly number[]): Promise<void> {
    const logps = sftLogps ?? await completionLogps(this.#options.sft, groups);
    let at = 0;
    for (const { promptIds, completions } of groups) {
      for (const ids of completions) {
        this.#perToken.set(keyOf(promptIds, ids), (logps[at++] as number) / ids.length);
      }
    }
  }

  /** Whether the SFT model finds it fluent. @throws {Error} for a response that was not prepared */
  valid(promptIds: Int32Array, responseIds: Int32Array): boolean {
    const perToken = this.#perToken.get(keyOf(promptIds, responseIds));
    if (perToken === undefined) throw new Error("this response was not prepared");
    return perToken >= this.#options.fluentFrom;
  }

  reward(promptIds: Int32Array, responseIds: Int32Array): number {
    if (!this.valid(promptIds, responseIds)) return -SENTIMENT_CAP;
    return sentimentOf(this.#options.text(responseIds));
  }
}

function keyOf(promptIds: Int32Array, responseIds: Int32Array): string {
  return `${promptIds.join()} ${responseIds.join()}`;
}
