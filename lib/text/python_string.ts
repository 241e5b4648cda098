import { Environment, type Interpreter } from "@huggingface/jinja";
import { UserError } from "../errors.ts";
import {
  capitalize,
  find,
  hasEnd,
  split,
  splitFromEnd,
  strip,
  title,
  titleFilter,
} from "./python_text.ts";

/** A value of the template engine, which exports none of its classes. */
export type TemplateValue = ReturnType<Interpreter["evaluate"]>;

type StringValue = Extract<TemplateValue, { readonly value: string }>;

const toValue = (value: unknown): TemplateValue => new Environment().set("value", value);
const StringValue = toValue("").constructor as new (text: string) => StringValue;

/** Arguments as the engine gives them: keywords are a map at the end. */
type Given = readonly unknown[];

/** What a method does with a text. */
type Method = (text: string, given: Given) => unknown;

/** The arguments by the order of their names; null for those that are absent, none or undefined. */
function named(method: string, names: readonly string[], given: Given): unknown[] {
  const last = given.at(-1);
  const keywords = last instanceof Map ? last : new Map<string, TemplateValue>();
  const ordered = last instanceof Map ? given.slice(0, -1) : given;
  const unknown = [...keywords.keys()].find((name) => names.indexOf(name) < ordered.length);
  if (unknown !== undefined || ordered.length > names.length) {
    throw new UserError(`${method}() takes no more than: ${names.join(", ") || "nothing"}`);
  }
  return names.map((name, i) =>
    (i < ordered.length ? ordered[i] : keywords.get(name)?.value) ?? null
  );
}

function text(method: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new UserError(`${method}() takes a text, which is not what the template gives it`);
}

function optionalText(method: string, value: unknown): string | null {
  return value === null ? null : text(method, value);
}

function optionalInteger(method: string, value: unknown): number | null {
  if (value === null || Number.isInteger(value)) return value as number | null;
  throw new UserError(`${method}() takes an integer, which is not what the template gives it`);
}

function stripper(method: string, side: Parameters<typeof strip>[1]): [string, Method] {
  return [method, (subject, given) => {
    const [characters] = named(method, ["chars"], given);
    return strip(subject, side, optionalText(method, characters));
  }];
}

function splitter(method: string, action: typeof split): [string, Method] {
  return [method, (subject, given) => {
    const [separator, most] = named(method, ["sep", "maxsplit"], given);
    const limit = optionalInteger(method, most) ?? -1;
    return action(subject, optionalText(method, separator), limit);
  }];
}

function endTest(method: string, side: Parameters<typeof hasEnd>[1]): [string, Method] {
  return [method, (subject, given) => {
    const [sought, start, end] = named(method, ["text", "start", "end"], given);
    const any = Array.isArray(sought) ? sought.map(({ value }) => value) : [sought];
    return hasEnd(
      subject,
      side,
      any.map((each) => text(method, each)),
      optionalInteger(method, start),
      optionalInteger(method, end),
    );
  }];
}

/** The name under which {@link PythonString} has Jinja's filter `title`. */
export const TITLE_FILTER = "title filter";

const METHODS: readonly [string, Method][] = [
  stripper("strip", "both"),
  stripper("lstrip", "left"),
  stripper("rstrip", "right"),
  splitter("split", split),
  splitter("rsplit", splitFromEnd),
  endTest("startswith", "left"),
  endTest("endswith", "right"),
  ["capitalize", capitalize],
  ["title", title],
  [TITLE_FILTER, titleFilter],
  ["find", (subject, given) => {
    const [sought, start, end] = named("find", ["text", "start", "end"], given);
    const from = optionalInteger("find", start), to = optionalInteger("find", end);
    return find(subject, text("find", sought), from, to);
  }],
];

/**
 * A text of the template engine with Python's methods, where the engine's own differ: they ignore
 * what to strip, leave the rest of a capitalized word as it is, and take JavaScript's white space.
 */
export class PythonString extends StringValue {
  #methods: Map<string, TemplateValue> | undefined;

  override get builtins(): Map<string, TemplateValue> {
    return this.#methods ??= new Map([
      ...super.builtins,
      ...METHODS.map(([name, method]): [string, TemplateValue] => [
        name,
        toValue((...given: unknown[]) => method(this.value, given)),
      ]),
    ]);
  }

  /** The value itself, with Python's methods if it is a text. */
  static of(value: TemplateValue): TemplateValue {
    if (!(value instanceof StringValue) || value instanceof PythonString) return value;
    return new PythonString(value.value);
  }
}
