import { choiceOption, numberOption, ruledOption } from "../../lib/cli/option.ts";
import { ensembleWeightings } from "../../lib/margins/ensemble.ts";
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
