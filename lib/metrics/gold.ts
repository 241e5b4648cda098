/** The true reward, where an environment knows it: metrics of quality plug in here. */
export interface GoldReward {
  /** Reward of a response to a prompt, by token ids. */
  reward(promptIds: Int32Array, responseIds: Int32Array): number;
  /** Whether a response obeys the environment's grammar; absent where it has none. */
  valid?(responseIds: Int32Array): boolean;
}
