import { idleFor, type IdleOptions } from "../../../lib/cli/idle_options.ts";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { idleWithoutServer } from "../server_options.ts";
import type { scoreOptions } from "./options.ts";

type ScoreOptions = OptionValues<typeof scoreOptions>;

/** Options of `score` without effect beside the others. */
export function idleOptions(options: ScoreOptions): IdleOptions<keyof ScoreOptions> {
  const { server, reference, adapter, serverReference } = options;
  const refers = [reference, adapter, serverReference].some((name) => name !== undefined);
  return new Map<keyof ScoreOptions, string>([
    ...(server === undefined ? idleWithoutServer() : idleFor(["maxRows"], "--server")),
    ...(refers
      ? []
      : idleFor(["beta"], "no reference (--reference, --adapter, --server-reference)")),
  ]);
}
