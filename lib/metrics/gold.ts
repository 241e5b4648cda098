import type { PromptGroup } from "../policy/packing.ts";

/** The true reward, where an environment knows it: metrics of quality plug in here. */
export interface GoldReward {
  /** Reward of a response to a prompt, by token ids. */
  reward(promptIds: Int32Array, responseIds: Int32Array): number;
  /** Whether a response obeys the environment's grammar; absent where it has none. */
  valid?(promptIds: Int32Array, responseIds: Int32Array): boolean;
  /**
   * Makes ready what `reward` and `valid` need of these responses beyond their tokens, before they are
   * asked. Absent: they need nothing.
   *
   * @param sftLogps log-probabilities under the SFT model, nats, of all completions in order, where
   * the caller knows them
   */
  prepare?(groups: readonly PromptGroup[], sftLogps?: readonly number[]): Promise<void>;
}
