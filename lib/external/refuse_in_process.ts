import { UserError } from "../errors.ts";
import { defaultLossConfig, needsMismatched } from "../losses/loss_config.ts";
import { rankedBy } from "../selection/selection_rule.ts";
import type { SeraOptions } from "../sera/config.ts";

/**
 * Refuses what needs the model in this process: cross-fitting, a reward model, losses with mismatched
 * pairs, a gold reward, and selection or judges that ask for one of these.
 *
 * @param options a config, or changes to the default one that need not be checked yet
 * @throws {UserError} naming it
 */
export function refuseInProcess(
  { crossFit = null, rewardModel = null, selection, loss, bootstrap }: SeraOptions,
): void {
  const needed = selection === undefined ? null : neededBy(rankedBy(selection));
  if (selection !== undefined && needed !== null) {
    throw new UserError(
      `selection by ${rankedBy(selection)} needs ${needed}, which does not go with --trainer`,
    );
  }
  if (bootstrap?.judge === "explicit") {
    throw new UserError(
      "the explicit judge needs a reward model, which does not go with --trainer",
    );
  }
  const what = crossFit !== null
    ? "cross-fitting"
    : rewardModel !== null
    ? "a reward model"
    : loss !== undefined && needsMismatched(defaultLossConfig(loss.name))
    ? `the loss ${loss.name}, whose reference point needs mismatched pairs,`
    : null;
  if (what !== null) throw new UserError(`${what} does not go with --trainer`);
  if (selection?.rule === "oracle" && selection.truth === "gold") {
    throw new UserError('the oracle rule with truth "gold" needs a gold reward');
  }
}

/** What of this process a ranking needs; null: nothing. */
function neededBy(by: ReturnType<typeof rankedBy>): string | null {
  switch (by) {
    case null:
    case "implicit":
    case "chosen-length":
      return null;
    case "votes":
    case "lossdiff-irm":
      return "cross-fitting";
    case "explicit":
    case "explicit-minus-implicit":
      return "a reward model";
    default:
      throw new RangeError(`unknown score "${by satisfies never}"`);
  }
}
