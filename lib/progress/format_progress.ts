import { plainText } from "../plain_text.ts";
import type { PhaseSnapshot, ProgressSnapshot } from "./progress_state.ts";

const SEPARATOR = " | ";

/** The line for open phases: `iteration 2/3 | update | step 14/40 | loss 0.6412 | 3.1 s/step | 1 m 20 s left`. */
export function formatProgress(snapshot: ProgressSnapshot): string {
  const innermost = snapshot.phases.at(-1);
  if (innermost === undefined) return "";
  const parts = placeOf(snapshot);
  const { unit = "item", secondsPerItem, secondsLeft = 0 } = innermost;
  if (secondsPerItem !== undefined) parts.push(formatRate(secondsPerItem, unit));
  if (secondsLeft > 0) parts.push(`${formatDuration(secondsLeft)} left`);
  return plainText(parts.join(SEPARATOR), " ");
}

/** Where the work is, as part of another line: `iteration 2/3, update, step 14/40, loss 0.6412`. */
export function formatPlace(snapshot: ProgressSnapshot): string {
  return plainText(placeOf(snapshot).join(", "), " ");
}

/** The line for a phase that ended: `iteration 2/3 | update | 40 steps in 2 m 04 s | loss 0.5210`. */
export function formatEnd(snapshot: ProgressSnapshot): string {
  const innermost = snapshot.phases.at(-1);
  if (innermost === undefined) return "";
  const { name, unit, done, elapsed } = innermost;
  const count = unit === undefined
    ? `${name}: ${done} done`
    : `${name}${SEPARATOR}${plural(done, unit)}`;
  const what = innermost.total === undefined && done === 0 ? name : count;
  const parts = [
    ...snapshot.phases.slice(0, -1).flatMap(outer),
    `${what} in ${formatDuration(elapsed)}`,
    ...figuresOf(snapshot),
  ];
  return plainText(parts.join(SEPARATOR), " ");
}

/** `950 ms`, `3.1 s`, `42 s`, `2 m 04 s`, `1 h 05 m`. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
}

/** `3.1 s/step` where an item takes long, else `12 pairs/s`. */
export function formatRate(secondsPerItem: number, unit: string): string {
  if (secondsPerItem >= 0.5) return `${formatDuration(secondsPerItem)}/${unit}`;
  if (secondsPerItem <= 0) return "";
  const rate = 1 / secondsPerItem;
  return `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} ${unit}s/s`;
}

/** Whole numbers as they are, others with four decimals (or three digits where small). */
export function formatFigure(value: number | string): string {
  if (typeof value === "string" || !Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size < 0.001 || size >= 1e6 ? value.toExponential(2) : value.toFixed(4);
}

function placeOf(snapshot: ProgressSnapshot): string[] {
  return [...pathOf(snapshot.phases), ...figuresOf(snapshot)];
}

function figuresOf({ fields }: ProgressSnapshot): string[] {
  return Object.entries(fields).filter(([, value]) => value !== "").map(([name, value]) =>
    `${name} ${formatFigure(value)}`
  );
}

/** Outer phases show the item at work (one more than is done), the innermost how many are done. */
function pathOf(phases: readonly PhaseSnapshot[]): string[] {
  return phases.flatMap((phase, i) => i < phases.length - 1 ? outer(phase) : inner(phase));
}

function outer({ name, unit, done, total }: PhaseSnapshot): string[] {
  return counted(name, unit, total === undefined ? done : Math.min(done + 1, total), total);
}

function inner({ name, unit, done, total }: PhaseSnapshot): string[] {
  return counted(name, unit, done, total);
}

function counted(
  name: string,
  unit: string | undefined,
  count: number,
  total: number | undefined,
): string[] {
  if (total === undefined && count === 0) return [name];
  const figure = total === undefined ? String(count) : `${count}/${total}`;
  return unit === undefined ? [`${name} ${figure}`] : [name, `${unit} ${figure}`];
}

function plural(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? "" : "s"}`;
}

function pad(n: number): string {
  return String(n).padStart(2, "0");
}
