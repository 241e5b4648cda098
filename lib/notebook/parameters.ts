/** Parameters of a notebook, for every way of running it. */
import { UserError } from "../errors.ts";
import { restedOn } from "./failed_cell.ts";

/** Environment variable with a JSON object of parameters; it wins over the parameters cell. */
export const PARAMETERS_VARIABLE = "SERA_NOTEBOOK_PARAMETERS";

/** Values a parameter may have. */
export type ParameterValue = string | number | boolean | readonly (string | number)[];

function kind(value: unknown): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}

/**
 * The values of the parameters cell with those of the environment over them.
 *
 * @throws {UserError} on JSON that is not an object, an unknown name, or a value of another type
 */
export function readParameters<P extends Readonly<Record<string, ParameterValue>>>(
  defaults: P,
  json: string | undefined = Deno.env.get(PARAMETERS_VARIABLE),
): { -readonly [K in keyof P]: P[K] } {
  return restedOn("reading the parameters", () => merged(defaults, json));
}

function merged<P extends Readonly<Record<string, ParameterValue>>>(
  defaults: P,
  json: string | undefined,
): P {
  if (json === undefined || json.trim() === "") return { ...defaults };
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch (error) {
    throw new UserError(`${PARAMETERS_VARIABLE} is not JSON (${error}): pass e.g. {"seeds": 3}`);
  }
  if (kind(given) !== "object") {
    throw new UserError(
      `${PARAMETERS_VARIABLE} is ${kind(given)}, not an object: pass {"seeds": 3}`,
    );
  }
  const names = Object.keys(defaults);
  for (const [name, value] of Object.entries(given as object)) {
    if (!names.includes(name)) {
      throw new UserError(
        `${PARAMETERS_VARIABLE}: unknown parameter "${name}"; this notebook has ${
          names.join(", ")
        }`,
      );
    }
    if (kind(value) !== kind(defaults[name])) {
      throw new UserError(
        `${PARAMETERS_VARIABLE}: parameter "${name}" is ${kind(value)}, ` +
          `must be ${kind(defaults[name])}`,
      );
    }
  }
  return { ...defaults, ...given as Partial<P> };
}
