import { messageOf } from "../errors.ts";
import type { StepRow } from "../sera/store.ts";

/** What a line says; see `StepRow`. */
const stepFields = [
  ...["loss", "margin", "accuracy", "chosenLogp", "rejectedLogp"],
  ...["learningRate", "gradientNorm", "seconds"],
] as const;

/**
 * The steps that a trainer told of in a JSONL file; none where it told of none. They are for the
 * report's curves alone: a line that cannot be read is left out, and the training counts.
 *
 * @param warn told of lines left out: how many, the first one and what is wrong with it
 */
export function readTrainerSteps(
  path: string,
  iteration: number,
  warn: (message: string) => void,
): StepRow[] {
  const lines = linesOf(path, warn);
  const rows: StepRow[] = [];
  const problems: string[] = [];
  let step = 0;
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    step++;
    const values = valuesOf(line);
    if (typeof values === "string") problems.push(`line ${i + 1}: ${values}`);
    else rows.push({ iteration, step, ...values } as unknown as StepRow);
  }
  if (problems.length > 0) {
    const others = problems.length === 1 ? "" : `; ${problems.length - 1} more like it`;
    warn(
      `${path}: ${problems.length} of ${step} lines cannot be read, and the curves leave them out ` +
        `(${problems[0]}${others})`,
    );
  }
  return rows;
}

function linesOf(path: string, warn: (message: string) => void): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      warn(`${path} cannot be read, and the curves leave its steps out: ${messageOf(error)}`);
    }
    return [];
  }
}

/** A line's numbers, or what is wrong with it. */
function valuesOf(line: string): Record<string, number> | string {
  let row: Record<string, unknown>;
  try {
    row = Object(JSON.parse(line));
  } catch {
    return "it is no JSON, which has no NaN or Infinity either";
  }
  const bad = stepFields.find((name) => !Number.isFinite(row[name]));
  if (bad !== undefined) return `"${bad}" is ${JSON.stringify(row[bad])}, no number`;
  return Object.fromEntries(stepFields.map((name) => [name, row[name] as number]));
}
