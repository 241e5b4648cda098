import { idleFor } from "../../lib/cli/idle_options.ts";
import { choiceOption, numberOption, ruledOption } from "../../lib/cli/option.ts";
import { type EnsembleConfig, ensembleWeightings } from "../../lib/margins/ensemble.ts";
import { from0to1 } from "../../lib/number_rule.ts";
import { marginKinds } from "../../lib/margins/implicit_reward.ts";
import { defaultSeraConfig as config } from "../../lib/sera/config.ts";

/** How margins are made, thresholded and averaged over past policies: `align`'s and `select`'s. */
export const marginOptions = {
  margin: choiceOption({
    flags: "--margin <kind>",
    description: "reward that ranks: the loss's own, or log pi / pi_SFT, summed or per token",
    choices: marginKinds,
    default: config.margin,
  }),
  tau: numberOption({
    flags: "--tau <margin>",
    description: "smallest margin that --rule threshold keeps",
    default: 0,
  }),
  gamma: ruledOption({
    flags: "--gamma <number>",
    description: "weight of past policies in the reward ensemble",
    rule: from0to1,
    default: config.ensemble.gamma,
  }),
  weighting: choiceOption({
    flags: "--weighting <name>",
    description: "how past policies are weighted",
    choices: ensembleWeightings,
    default: config.ensemble.weighting,
  }),
};

/** Options of the reward ensemble without effect beside the others. */
export function idleEnsembleOptions(
  { weighting, gamma, window }: EnsembleConfig,
): Map<"gamma" | "window", string> {
  const by = `--weighting ${weighting}`;
  return new Map(
    [
      ...(weighting === "two-term" && window > 2
        ? idleFor(["window"], `${by}, which looks at two policies`)
        : []),
      ...(weighting === "uniform" && gamma > 0
        ? idleFor(["gamma"], `${by}, which weights all policies alike`)
        : []),
    ] as readonly (readonly ["gamma" | "window", string])[],
  );
}
