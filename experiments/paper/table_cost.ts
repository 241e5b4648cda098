import { projectRoot } from "../../lib/engine/layout.ts";
import { UserError } from "../../lib/errors.ts";
import type { ModelConfig } from "../../lib/policy/config.ts";
import { weightBytes } from "../../lib/policy/memory.ts";
import type { TableConfig, TableSize } from "./table_config.ts";
import type { PlannedCommand } from "./table_plan.ts";

/** Seconds per token and parameter on the machine of the published benchmark. */
export interface MeasuredRates {
  /** LoRA step: case c. */
  readonly train: number;
  /** Log-probabilities: case d. */
  readonly score: number;
  /** Tokens of responses: case e. */
  readonly generate: number;
  /** What that machine was. */
  readonly machine: string;
}

/** What a command costs. */
export interface CommandCost {
  /** Tokens trained on, scored and written. */
  readonly trained: number;
  readonly scored: number;
  readonly written: number;
  /** Floating-point operations, 2 per parameter and token forward and 4 backward. */
  readonly flops: number;
  /** Seconds at the measured rates. */
  readonly seconds: number;
  /** Weights and, where all of them train, gradient and moments; bytes, without activations. */
  readonly bytes: number;
  /** Questions to the judge. */
  readonly questions: number;
}

/** Parameters of SmolLM2-135M, on which cases c, d and e are measured. */
const MEASURED_PARAMETERS = 134_515_008;

/** Mean packed rows per pair of the cases, tokens: their prompts and both completions. */
const ROWS = { c: 111, d: 55 } as const;

/** A full update's work over a LoRA update's: weight gradients are a third of a step's products. */
const FULL_OVER_LORA = 1.5;

/**
 * The rates of `results/bench/latest.json`.
 *
 * @throws {UserError} where a case is missing
 */
export function measuredRates(): MeasuredRates {
  const path = `${projectRoot}results/bench/latest.json`;
  const { cases } = JSON.parse(Deno.readTextFileSync(path)) as {
    cases: {
      summary: { id: string; oursRate: number };
      machine: { cpu: string; cores: number };
    }[];
  };
  const of = (id: string) => {
    const found = cases.find(({ summary }) => summary.id === id);
    if (found === undefined) throw new UserError(`${path}: case ${id} is missing`);
    return found;
  };
  const { cpu, cores } = of("c").machine;
  return {
    train: 1 / (of("c").summary.oursRate * ROWS.c * MEASURED_PARAMETERS),
    score: 1 / (of("d").summary.oursRate * ROWS.d * MEASURED_PARAMETERS),
    generate: 1 / (of("e").summary.oursRate * MEASURED_PARAMETERS),
    machine: `${cpu}, ${cores} cores`,
  };
}

/** The cost of one command of a table. */
export function commandCost(
  table: TableConfig,
  { command, model, iterations = 1, bootstraps = false }: PlannedCommand,
  rates: MeasuredRates,
): CommandCost {
  const { config } = table.models[model] as { config: ModelConfig };
  const parameters = weightBytes(config) / 4;
  const full = command === "sft" && table.sft.full === true;
  const { trained, scored, written, questions } = work(table.size, command, iterations, bootstraps);
  const training = trained * (full ? FULL_OVER_LORA : 1);
  return {
    ...{ trained, scored, written, questions },
    flops: parameters * (6 * trained + 2 * (scored + written)),
    seconds: parameters *
      (training * rates.train + scored * rates.score + written * rates.generate),
    // Policy, gradient and two moments; or frozen weights and their merged copy.
    bytes: weightBytes(config) * (full ? 4 : command === "data" ? 0 : 2),
    questions,
  };
}

/** Tokens and questions. Own pairs: 0.3 of the pairs, 1.5 prompts each, 4 responses a prompt. */
function work(
  size: TableSize,
  command: PlannedCommand["command"],
  iterations: number,
  bootstraps: boolean,
): { trained: number; scored: number; written: number; questions: number } {
  const pair = size.promptTokens + 2 * size.responseTokens;
  const none = { trained: 0, scored: 0, written: 0, questions: 0 };
  switch (command) {
    case "data":
      return none;
    case "sft":
      // Answer i of k comes after i parts of k: (k + 1) / 2 conversations in all.
      return {
        ...none,
        trained: size.demonstrations * size.conversationTokens * (size.conversationTurns + 1) / 2,
      };
    case "align": {
      const responses = bootstraps ? (iterations - 1) * size.pairs * 0.3 * 1.5 * 4 : 0;
      return {
        ...none,
        trained: iterations * size.pairs * pair,
        // Reference once, and every policy; responses by reference and the ensemble's policies.
        scored: (iterations + 1) * size.pairs * pair +
          3 * responses * (size.promptTokens + size.responseTokens),
        written: responses * size.responseTokens,
      };
    }
    case "evaluate":
      return {
        ...none,
        written: 2 * size.instructions * size.responseTokens,
        questions: 2 * size.instructions,
      };
  }
}
