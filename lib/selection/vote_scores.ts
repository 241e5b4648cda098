/**
 * How many models confirm each label, by the sign of its margin under each; equal votes rank by
 * mean margin.
 *
 * After the vote of PrefCleanBench (arXiv 2509.23564), whose voters are public reward models and
 * which drops or flips what most of them oppose. Our reading: the voters are the fold models of
 * cross-fitting, of which all but one have seen the pair, and a share of the pairs is kept, so that
 * rules can be compared at one budget.
 *
 * @param margins of each model the margins of all B pairs
 * @returns B scores: whole votes, plus a fraction below a half that grows with the mean margin
 * @throws {RangeError} without a model, or where models differ in their number of pairs
 */
export function voteScores(margins: readonly Float64Array[]): Float64Array {
  const [first] = margins;
  if (first === undefined) throw new RangeError("a vote needs at least one model");
  if (margins.some((own) => own.length !== first.length)) {
    throw new RangeError(`votes on ${margins.map((own) => own.length).join(" and ")} pairs`);
  }
  return first.map((_, i) => {
    const own = margins.map((all) => all[i] as number);
    const mean = own.reduce((sum, margin) => sum + margin, 0) / own.length;
    return own.filter((margin) => margin > 0).length + mean / (1 + Math.abs(mean)) / 2;
  });
}
