import { idleFor, type IdleOptions } from "../../../lib/cli/idle_options.ts";
import { idleEnsembleOptions } from "../margin_options.ts";
import type { SelectOptions } from "./options.ts";

/** Options of the reward ensemble without effect beside the others; `ruleOf` refuses the rule's. */
export function idleOptions(options: SelectOptions): IdleOptions<keyof SelectOptions> {
  const { history, candidatesHistory } = options;
  if (history.length + candidatesHistory.length > 0) return idleEnsembleOptions(options);
  const reason = "no past policy (no --history, no --candidates-history)";
  return idleFor(["gamma", "weighting", "window"], reason);
}
