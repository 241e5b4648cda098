import { Command, CommanderError, Option } from "commander";
import { meantOption } from "./meant_option.ts";
import {
  longFlag,
  type OptionSpec,
  type OptionTable,
  type OptionValues,
  parseChoice,
} from "./option.ts";
import { UsageError } from "./usage_error.ts";

/** Words without a flag: `reproduce noise gamma`. */
export interface OperandSpec {
  /** As commander writes them: `[study...]`. */
  readonly syntax: string;
  readonly description: string;
  /** The words allowed; default: any. */
  readonly choices?: readonly string[];
}

/** A command: everything that `--help` shows and the parser needs, in one place. */
export interface CommandSpec<O extends OptionTable> {
  /** The task's name: `align`. */
  readonly name: string;
  readonly description: string;
  readonly options: O;
  readonly operands?: OperandSpec;
  /** Names that other tools give these options, in kebab case, with the flag that is meant here. */
  readonly synonyms?: Readonly<Record<string, string>>;
  /** Shown below the options in `--help`. */
  readonly notes?: string;
  /**
   * Reads the file that the option `config` names: values of other options, by their keys in the
   * table. What the line itself gives wins over the file, and the file over defaults.
   */
  readonly readConfig?: (
    path: string,
    options: O,
    synonyms?: Readonly<Record<string, string>>,
  ) => ReadonlyMap<string, unknown>;
}

/** What a command line says. */
export interface ParsedCommand<O extends OptionTable> {
  readonly options: OptionValues<O>;
  readonly operands: readonly string[];
  /**
   * The options given, by their keys in the table: how the user wrote them, for messages. A default
   * value in a file is not given.
   */
  readonly given: ReadonlyMap<keyof O, string>;
}

/** `--help` was asked for; `message` is the text to print. */
export class HelpRequest extends Error {
  override readonly name = "HelpRequest";
}

/**
 * Reads a command line.
 *
 * @throws {UsageError} one line: unknown option with the nearest one, missing or wrong value
 * @throws {HelpRequest} for `--help`
 */
export function parseCommand<O extends OptionTable>(
  spec: CommandSpec<O>,
  args: readonly string[],
): ParsedCommand<O> {
  const command = createCommand(spec);
  try {
    // npm and npx users separate the task's own options by a leading "--".
    command.parse(args[0] === "--" ? args.slice(1) : [...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") throw new HelpRequest(helpText(spec));
    throw new UsageError(explain(error, spec));
  }
  const values = command.opts();
  const given = new Map(
    Object.entries(spec.options)
      .filter(([key]) => command.getOptionValueSource(key) === "cli")
      .map(([key, option]) => [key, `--${longFlag(option)}`]),
  );
  if (spec.readConfig !== undefined && typeof values.config === "string") {
    for (const [key, value] of spec.readConfig(values.config, spec.options, spec.synonyms)) {
      if (given.has(key)) continue;
      values[key] = value;
      // As a run's own file repeats it: whoever wrote the file need not have asked for it.
      if (value === spec.options[key]?.default) continue;
      given.set(key, `${values.config}: ${longFlag(spec.options[key] as OptionSpec<unknown>)}`);
    }
  }
  for (const [key, { flags, required }] of Object.entries(spec.options)) {
    if (!required || values[key] !== undefined) continue;
    throw new UsageError(`${flags} is required; see deno task ${spec.name} --help`);
  }
  const { choices } = spec.operands ?? {};
  if (choices !== undefined) {
    const name = spec.operands?.syntax.replaceAll(/[^\w-]/g, "") ?? "";
    for (const operand of command.args) parseChoice(operand, name, choices);
  }
  return { options: values as OptionValues<O>, operands: [...command.args], given };
}

/** The text of `--help`. */
export function helpText<O extends OptionTable>(spec: CommandSpec<O>): string {
  const notes = spec.notes === undefined ? "" : `\n${spec.notes.trimEnd()}\n`;
  return createCommand(spec).helpInformation() + notes;
}

function createCommand<O extends OptionTable>(spec: CommandSpec<O>): Command {
  const command = new Command(`deno task ${spec.name}`)
    .description(spec.description)
    .helpOption("-h, --help", "show this help")
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: () => {},
      writeErr: () => {},
      getOutHelpWidth: () => 100,
    });
  for (const [key, option] of Object.entries(spec.options)) {
    command.addOption(createOption(key, option));
  }
  const { operands } = spec;
  if (operands !== undefined) {
    const choices = operands.choices === undefined ? "" : `: ${operands.choices.join(", ")}`;
    command.argument(operands.syntax, operands.description + choices);
  }
  return command;
}

function createOption<T>(key: string, spec: OptionSpec<T>): Option {
  const described = spec.default === undefined && spec.defaultText !== undefined
    ? `${spec.description} (default: ${spec.defaultText})`
    : spec.description + (spec.required ? " (required)" : "");
  const option = new Option(spec.flags, described);
  if (option.attributeName() !== key) {
    throw new TypeError(`option ${spec.flags} stands under ${key}, not ${option.attributeName()}`);
  }
  if (option.required === (spec.parse === undefined)) {
    throw new TypeError(`option ${spec.flags}: <value> and parse belong together`);
  }
  const { parse } = spec;
  const name = option.long ?? spec.flags;
  if (parse !== undefined) {
    option.argParser((text, previous: unknown) => {
      const value: unknown = parse(checkValue(text, name), name);
      return (option.variadic ? [previous, value].flat() : value) as T;
    });
  }
  if (spec.default !== undefined) {
    option.default(spec.default, spec.defaultText ?? String(spec.default));
  }
  return option;
}

/** An option in the place of a value is a forgotten value. */
function checkValue(text: string, name: string): string {
  if (!/^--[a-z]/.test(text)) return text;
  throw new UsageError(`${name} needs a value, got the option ${text}`);
}

/** Commander's complaint on one line, with the nearest option where it has none to offer. */
function explain<O extends OptionTable>(error: CommanderError, spec: CommandSpec<O>): string {
  const message = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  const help = `see deno task ${spec.name} --help`;
  const typed = /unknown option '(--[^'=]*)/.exec(message)?.[1];
  if (typed === undefined) return `${message}; ${help}`;
  const meant = meantOption(typed.slice(2), spec.options, spec.synonyms);
  return `unknown option '${typed}'` +
    (meant === undefined ? `; ${help}` : `; did you mean ${meant}?`);
}
