/** A value that JSON can hold without loss. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

const LINE_WIDTH = 100;

/** Options of `canonicalJson`. */
export interface CanonicalJsonOptions {
  /**
   * Spaces a level; 0 (the default) writes one line. Otherwise whatever fits on a line of 100
   * characters stays on one.
   */
  readonly indent?: number;
}

/**
 * JSON with sorted keys and the shortest digits that read back as the same double, so that equal
 * values give equal bytes. Keys whose value is `undefined` are left out; -0 is written as 0.
 *
 * Typed by `unknown` because records are interfaces, which TypeScript does not take for a
 * `JsonObject`; what JSON cannot hold is refused here.
 *
 * @throws {TypeError} for NaN, an infinity, a function, a typed array or an `undefined` array
 * element, naming where it stands (`steps[3].loss`): nothing becomes `null` in silence
 */
export function canonicalJson(value: unknown, options: CanonicalJsonOptions = {}): string {
  return write(value, "", " ".repeat(options.indent ?? 0), "");
}

function write(value: unknown, path: string, indent: string, margin: string): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) refuse(path, `is ${value}, which JSON cannot hold`);
      return JSON.stringify(value);
    case "object":
      break;
    default:
      refuse(path, `is of type ${typeof value}, which JSON cannot hold`);
  }
  if (value === null) return "null";
  if (indent !== "") {
    const line = write(value, path, "", "");
    if (margin.length + line.length <= LINE_WIDTH) return line;
  }
  const inner = margin + indent;
  const open = indent === "" ? "" : `\n${inner}`;
  const close = indent === "" ? "" : `\n${margin}`;
  const separator = indent === "" ? "," : `,\n${inner}`;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const items = Array.from(value, (item, i) => write(item, `${path}[${i}]`, indent, inner));
    return `[${open}${items.join(separator)}${close}]`;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    refuse(path, `is a ${value.constructor?.name ?? "object"}, which JSON cannot hold`);
  }
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  if (entries.length === 0) return "{}";
  const colon = indent === "" ? ":" : ": ";
  const items = entries.map(([key, item]) =>
    JSON.stringify(key) + colon + write(item, path === "" ? key : `${path}.${key}`, indent, inner)
  );
  return `{${open}${items.join(separator)}${close}}`;
}

function refuse(path: string, problem: string): never {
  throw new TypeError(`${path === "" ? "the value" : path} ${problem}`);
}
