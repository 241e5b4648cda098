import { parseDocument, stringify } from "yaml";
import { messageOf, UserError } from "../errors.ts";
import { meantOption } from "./meant_option.ts";
import { longFlag, type OptionSpec, type OptionTable } from "./option.ts";
import { UsageError } from "./usage_error.ts";

/**
 * The options that a config file sets, by their keys in the table. The file is YAML or JSON; its
 * keys are the long flags without dashes (`max-length: 512`), its values are checked as on the
 * command line, and null stands for "not given".
 *
 * @throws {UserError} for a file that cannot be read
 * @throws {UsageError} naming the file and the key or line at fault
 */
export function readConfigFile(
  path: string,
  options: OptionTable,
  synonyms: Readonly<Record<string, string>> = {},
): Map<string, unknown> {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new UserError(`cannot read the config file ${path}: ${messageOf(error)}`);
  }
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw new UsageError(`${path}: ${problem.message.split("\n")[0]?.replace(/:$/, "")}`);
  }
  const content: unknown = document.toJS() ?? {};
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UsageError(`${path} must hold options as "name: value", one per line`);
  }
  const byFlag = new Map(
    Object.entries(options).filter(([key]) => key !== "config")
      .map(([key, option]) => [longFlag(option), { key, option }]),
  );
  const values = new Map<string, unknown>();
  for (const [flag, value] of Object.entries(content)) {
    const known = byFlag.get(flag);
    if (known === undefined) {
      const { config: _config, ...others } = options;
      const meant = meantOption(flag, others, synonyms)?.replace(/^--/, "");
      throw new UsageError(
        `${path}: unknown key "${flag}"${meant === undefined ? "" : `; did you mean ${meant}?`}`,
      );
    }
    if (value !== null) values.set(known.key, valueOf(value, `${path}: ${flag}`, known.option));
  }
  return values;
}

/** Options as a config file that `readConfigFile` reads back; undefined is written as null. */
export function configFileText(
  options: OptionTable,
  values: Readonly<Record<string, unknown>>,
): string {
  return stringify(
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        longFlag(options[key] as OptionSpec<unknown>),
        value ?? null,
      ]),
    ),
  );
}

/** A value as its option reads it from the command line. */
function valueOf(value: unknown, name: string, { parse }: OptionSpec<unknown>): unknown {
  if (parse === undefined) {
    if (typeof value === "boolean") return value;
    throw new UsageError(`${name} must be true or false, got ${JSON.stringify(value)}`);
  }
  const parts = Array.isArray(value) ? value : [value];
  if (parts.some((part) => typeof part === "object")) {
    throw new UsageError(`${name} must be one value or a list, got ${JSON.stringify(value)}`);
  }
  return parse(parts.join(","), name);
}
