import { UsageError } from "../../../lib/cli/usage_error.ts";
import { alignCommand, type AlignOptions } from "./options.ts";

type Key = keyof AlignOptions;

/** What leaves options without effect, as it stands on the command line; undefined where nothing does. */
const IDLE: readonly {
  readonly options: readonly Key[];
  readonly because: (options: AlignOptions) => string | undefined;
}[] = [
  {
    options: ["rank", "loraAlpha", "dropout", "targets"],
    because: ({ full }) => full ? "--full" : undefined,
  },
  {
    options: ["keep"],
    because: ({ method, rule }) =>
      method === "plain" || method === "bootstrap"
        ? `--method ${method}`
        : rule === "threshold"
        ? "--rule threshold"
        : undefined,
  },
  {
    options: ["rule", "tau"],
    because: ({ method }) =>
      method === "sera" || method === "select" ? undefined : `--method ${method}`,
  },
  {
    options: ["tau"],
    because: ({ rule }) => rule === "threshold" ? undefined : `--rule ${rule}`,
  },
  {
    options: ["responses", "onPolicy", "promptFactor", "temperature", "topP"],
    because: ({ method }) =>
      method === "sera" || method === "bootstrap" ? undefined : `--method ${method}`,
  },
];

/**
 * Refuses options that were given and would do nothing.
 *
 * @throws {UsageError} naming both options
 */
export function refuseIdleOptions(options: AlignOptions, given: ReadonlySet<Key>): void {
  for (const { options: keys, because } of IDLE) {
    const reason = because(options);
    const idle = keys.find((key) => given.has(key));
    if (reason === undefined || idle === undefined) continue;
    const [flag] = alignCommand.options[idle].flags.split(" ");
    throw new UsageError(`${flag} has no effect with ${reason}: leave one of them out`);
  }
}
