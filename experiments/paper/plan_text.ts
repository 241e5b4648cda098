import type { TableConfig } from "./table_config.ts";
import { type CommandCost, commandCost, type MeasuredRates } from "./table_cost.ts";
import type { PlannedCommand } from "./table_plan.ts";

const DAY = 86_400;

/** A plan for the terminal: what is whose, each command with its cost, the sum. */
export function planText(
  table: TableConfig,
  plan: readonly PlannedCommand[],
  rates: MeasuredRates,
): string {
  const costs = plan.map((step) => commandCost(table, step, rates));
  const sum = (of: (cost: CommandCost) => number) => costs.reduce((total, c) => total + of(c), 0);
  return [
    `${table.name}: ${table.title}`,
    ...table.paper.map((text) => `  paper's: ${text}`),
    ...table.ours.map((text) => `  ours: ${text}`),
    ...plan.map((step, i) => `  ${costText(costs[i] as CommandCost)}  ${commandText(step)}`),
    `  in all ${costs.length} commands: ${
      (sum(({ flops }) => flops) / 1e18).toPrecision(3)
    } EFLOP, ` +
    `${sum(({ questions }) => questions)} questions to the judge`,
    `  at the rates of ${rates.machine} (results/bench): ${span(sum(({ seconds }) => seconds))}; ` +
    `weights and optimiser in float32 up to ${
      Math.ceil(Math.max(...costs.map(({ bytes }) => bytes)) / 1e9)
    } GB. Extrapolated from SmolLM2-135M by parameters and tokens, attention and activations left ` +
    "out; lengths and sizes are those under size: in the file, assumed.",
  ].join("\n");
}

function costText({ seconds, questions }: CommandCost): string {
  return (questions > 0 ? `${span(seconds)}, ${questions} questions` : span(seconds)).padEnd(14);
}

/** The command as it is typed, its values quoted where they need it. */
function commandText({ command, args }: PlannedCommand): string {
  const quoted = args.map((arg) => /^[\w./:@,=-]+$/.test(arg) ? arg : `'${arg}'`);
  return `deno task ${command} ${quoted.join(" ")}`;
}

/** Seconds in the unit that a reader plans in. */
function span(seconds: number): string {
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  if (seconds < 2 * DAY) return `${Math.ceil(seconds / 3600)} h`;
  return seconds < 800 * DAY
    ? `${Math.ceil(seconds / DAY)} days`
    : `${Math.ceil(seconds / DAY / 365)} years`;
}
