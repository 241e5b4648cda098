/** Rewards of several samples to each of several prompts: `rewards[prompt][sample]`. */
export type RewardsByPrompt = readonly (readonly number[])[];

/**
 * Chance that a sample of `ours` has the higher reward than a sample of `theirs` to the same
 * prompt, ties counted half: the mean over prompts of all sample-against-sample comparisons.
 *
 * @throws RangeError if the prompts differ in number or a prompt has no samples
 */
export function winRate(ours: RewardsByPrompt, theirs: RewardsByPrompt): number {
  if (ours.length !== theirs.length || ours.length === 0) {
    throw new RangeError(`win rate needs the same prompts, got ${ours.length}, ${theirs.length}`);
  }
  const rates = ours.map((mine, prompt) => {
    const other = theirs[prompt] as readonly number[];
    if (mine.length === 0 || other.length === 0) {
      throw new RangeError(`prompt ${prompt} has no samples`);
    }
    let wins = 0;
    for (const a of mine) for (const b of other) wins += a > b ? 1 : a === b ? 0.5 : 0;
    return wins / (mine.length * other.length);
  });
  return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
}
