import { nearest } from "./nearest.ts";
import type { NumberRule } from "../number_rule.ts";
import {
  contains,
  type NumberRange,
  parseByRule,
  parseInteger,
  parseNumber,
} from "./number_range.ts";
import { UsageError } from "./usage_error.ts";
import { userPath, userPathOrHub } from "./user_path.ts";

/** One option of a command; `T` is the type of its value in code. */
export interface OptionSpec<T> {
  /** As commander writes them: `--keep <fraction>`, `-o, --out <dir>`, `--full`. */
  readonly flags: string;
  readonly description: string;
  /** The value when the option is not given; undefined also stands for "none". */
  readonly default: T | undefined;
  readonly required: boolean;
  /** Shown in `--help` instead of the default value, for defaults that depend on other options. */
  readonly defaultText: string | undefined;
  /** Text to value; `name` is the long flag, for messages. Undefined: a switch without a value. */
  readonly parse: ((text: string, name: string) => T) | undefined;
}

/** A command's options; the keys are the long flags in camel case (`maxLength`: `--max-length`). */
// deno-lint-ignore no-explicit-any -- options of different types in one table
export type OptionTable = Readonly<Record<string, OptionSpec<any>>>;

/** The values of a table's options. */
export type OptionValues<O extends OptionTable> = {
  readonly [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never;
};

interface Described {
  readonly flags: string;
  readonly description: string;
  readonly defaultText?: string;
}

/** An option that always has a value: by default, or because it must be given. */
export type Settled<T> = Described & ({ readonly default: T } | { readonly required: true });

/** An option that may be left out; its value is then undefined. */
export type Optional = Described & { readonly default?: undefined; readonly required?: false };

/** A finite number, checked against a range. */
export function numberOption(spec: Settled<number> & NumberRange): OptionSpec<number>;
export function numberOption(spec: Optional & NumberRange): OptionSpec<number | undefined>;
export function numberOption(
  spec: (Settled<number> | Optional) & NumberRange,
): OptionSpec<number | undefined> {
  checkDefault(spec, (value) => Number.isFinite(value) && contains(spec, value));
  return build<number>(spec, (text, name) => parseNumber(text, name, spec));
}

/** A number checked by a rule, which `--help` shows. */
export function ruledOption(
  spec: Settled<number> & { readonly rule: NumberRule },
): OptionSpec<number>;
export function ruledOption(
  spec: Optional & { readonly rule: NumberRule },
): OptionSpec<number | undefined>;
export function ruledOption(
  spec: (Settled<number> | Optional) & { readonly rule: NumberRule },
): OptionSpec<number | undefined> {
  const { rule } = spec;
  checkDefault(spec, (value) => rule.accepts(value));
  const described = { ...spec, description: `${spec.description}; ${rule.text}` };
  return build<number>(described, (text, name) => parseByRule(text, name, rule));
}

/** A whole number, checked against a range. */
export function integerOption(spec: Settled<number> & NumberRange): OptionSpec<number>;
export function integerOption(spec: Optional & NumberRange): OptionSpec<number | undefined>;
export function integerOption(
  spec: (Settled<number> | Optional) & NumberRange,
): OptionSpec<number | undefined> {
  checkDefault(spec, (value) => Number.isSafeInteger(value) && contains(spec, value));
  return build<number>(spec, (text, name) => parseInteger(text, name, spec));
}

/** Text that is not empty: a path, a model. */
export function textOption(spec: Settled<string>): OptionSpec<string>;
export function textOption(spec: Optional): OptionSpec<string | undefined>;
export function textOption(spec: Settled<string> | Optional): OptionSpec<string | undefined> {
  return build<string>(spec, (text, name) => {
    if (text.trim() === "") throw new UsageError(`${name} must not be empty`);
    return text;
  });
}

/** The address of a server. Keys and passwords come from the environment: an address is written down. */
export function urlOption(spec: Optional): OptionSpec<string | undefined> {
  return build<string>(spec, (text, name) => {
    const url = /^https?:/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || url.host === "") {
      throw new UsageError(
        `${name} must be an address, as http://localhost:8000/v1, got "${text}"`,
      );
    }
    if (url.username !== "" || url.password !== "") {
      throw new UsageError(
        `${name} has a user or password in it, which files and messages would show: put the key ` +
          `into the environment and give ${url.protocol}//${url.host}${url.pathname}`,
      );
    }
    return text;
  });
}

/** Files or folders after one flag, none by default: `--history a.jsonl b.jsonl`; the flags end in `...>`. */
export function pathListOption(spec: Described): OptionSpec<readonly string[]> {
  return build<readonly string[]>(
    { ...spec, default: [], defaultText: spec.defaultText ?? "none" },
    (text) => [userPath(text)],
  );
}

/** A file or folder; the value is its absolute path, from the folder that the user stands in. */
export function pathOption(spec: Settled<string>): OptionSpec<string>;
export function pathOption(spec: Optional): OptionSpec<string | undefined>;
export function pathOption(spec: Settled<string> | Optional): OptionSpec<string | undefined> {
  return pathLike(spec, userPath);
}

/**
 * A file or folder as `pathOption`, or the name of something on the hub (`owner/name`), which stays
 * as it is where no file is called so.
 */
export function pathOrHubOption(spec: Settled<string>): OptionSpec<string>;
export function pathOrHubOption(spec: Optional): OptionSpec<string | undefined>;
export function pathOrHubOption(
  spec: Settled<string> | Optional,
): OptionSpec<string | undefined> {
  return pathLike(spec, userPathOrHub);
}

function pathLike(
  spec: Settled<string> | Optional,
  resolved: (text: string) => string,
): OptionSpec<string | undefined> {
  return build<string>(spec, (text, name) => {
    if (text.trim() === "") throw new UsageError(`${name} must not be empty`);
    return resolved(text);
  });
}

/** The words of a choice. */
interface Choices<C extends string> {
  readonly choices: readonly C[];
  /** Words of other tools, with the choice that is meant. */
  readonly synonyms?: Readonly<Record<string, NoInfer<C>>>;
}

/** One of a few words; `--help` lists them and an error names the nearest. */
export function choiceOption<const C extends string>(
  spec: Settled<NoInfer<C>> & Choices<C>,
): OptionSpec<C>;
export function choiceOption<const C extends string>(
  spec: Optional & Choices<C>,
): OptionSpec<C | undefined>;
export function choiceOption<const C extends string>(
  spec: (Settled<C> | Optional) & Choices<C>,
): OptionSpec<C | undefined> {
  checkDefault(spec, (value) => spec.choices.includes(value));
  const description = `${spec.description}: ${spec.choices.join(", ")}`;
  return build<C>(
    { ...spec, description },
    (text, name) => parseChoice(text, name, spec.choices, spec.synonyms),
  );
}

/** Words of a few with commas between them, no one twice: `--methods plain,sera`. */
export function choiceListOption<const C extends string>(
  spec: Settled<readonly NoInfer<C>[]> & { readonly choices: readonly C[] },
): OptionSpec<readonly C[]> {
  const description = `${spec.description}: ${spec.choices.join(", ")}`;
  return build<readonly C[]>({ ...spec, description }, (text, name) => {
    const values = text.split(",").map((item) => parseChoice(item.trim(), name, spec.choices));
    const repeated = values.find((value, i) => values.indexOf(value) !== i);
    if (repeated === undefined) return values;
    throw new UsageError(`${name} names ${repeated} twice`);
  }) as OptionSpec<readonly C[]>;
}

/** A switch: false unless given. */
export function switchOption(spec: Described): OptionSpec<boolean> {
  const { flags, description } = spec;
  return {
    flags,
    description,
    default: false,
    required: false,
    defaultText: spec.defaultText,
    parse: undefined,
  };
}

/**
 * The choice that `text` names.
 *
 * @throws {UsageError} listing the choices and naming the nearest
 */
export function parseChoice<C extends string>(
  text: string,
  name: string,
  choices: readonly C[],
  synonyms: Readonly<Record<string, C>> = {},
): C {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  const near = Object.hasOwn(synonyms, text) ? synonyms[text] : nearest(text, choices);
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw new UsageError(`${name} must be one of ${choices.join(", ")}, got "${text}"${hint}`);
}

/** An option's long flag, without its dashes: its key in a config file. */
export function longFlag({ flags }: { readonly flags: string }): string {
  return /--([\w-]+)/.exec(flags)?.[1] ?? flags;
}

type Spec<T> = Described & { readonly default?: T | undefined; readonly required?: boolean };

function build<T>(spec: Spec<T>, parse: (text: string, name: string) => T): OptionSpec<T> {
  return {
    flags: spec.flags,
    description: spec.description,
    default: spec.default,
    required: spec.required ?? false,
    defaultText: spec.defaultText,
    parse,
  };
}

/** A default that its own option would refuse is a mistake in the table. */
function checkDefault<T>(spec: Spec<T>, accepts: (value: T) => boolean): void {
  if (spec.default !== undefined && !accepts(spec.default)) {
    throw new RangeError(`${spec.flags}: the default ${spec.default} is not allowed`);
  }
}
