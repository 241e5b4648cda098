/** Options of commands that do a run of their own, in a folder of their own. */
import { integerOption, pathOption, ruledOption, switchOption } from "../../lib/cli/option.ts";
import { atLeast0 } from "../../lib/number_rule.ts";

/** The options in a file. */
export const configOption = pathOption({
  flags: "--config <file>",
  description: "YAML or JSON with these options, without dashes; the command line wins over it",
});

/** Of all that is drawn. */
export const seedOption = integerOption({
  flags: "--seed <n>",
  description: "seed of every random draw",
  min: 0,
  default: 0,
});

/** What a kill can cost. */
export const checkpointSecondsOption = ruledOption({
  flags: "--checkpoint-seconds <s>",
  description: "time between checkpoints; does not change results",
  rule: atLeast0,
  default: 30,
});

/** Leaves what an earlier run made. */
export const forceOption = switchOption({
  flags: "--force",
  description: "start anew in --out; what was there moves into previous-N",
});
