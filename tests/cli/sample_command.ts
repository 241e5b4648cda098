import { type CommandSpec, parseCommand } from "../../lib/cli/command.ts";
import {
  choiceListOption,
  choiceOption,
  integerOption,
  numberOption,
  switchOption,
  textOption,
} from "../../lib/cli/option.ts";

const options = {
  model: textOption({ flags: "--model <path>", description: "model", required: true }),
  loss: choiceOption({
    flags: "--loss <name>",
    description: "loss",
    choices: ["dpo", "ipo", "slic-hf", "simpo"],
    default: "dpo",
  }),
  method: choiceOption({ flags: "--method <name>", description: "method", choices: ["a", "b"] }),
  keep: numberOption({
    flags: "--keep <fraction>",
    description: "share kept",
    above: 0,
    max: 1,
    default: 0.7,
  }),
  lr: numberOption({
    flags: "--lr <rate>",
    description: "learning rate",
    above: 0,
    defaultText: "depends on the loss",
  }),
  maxLength: integerOption({
    flags: "-m, --max-length <tokens>",
    description: "longest sequence",
    min: 2,
    default: 512,
  }),
  limit: integerOption({ flags: "--limit <n>", description: "first n pairs", min: 1 }),
  arms: choiceListOption({
    flags: "--arms <list>",
    description: "arms",
    choices: ["plain", "sera", "random"],
    default: ["plain", "sera"],
  }),
  full: switchOption({ flags: "--full", description: "train all weights" }),
};

/** A command with an option of every kind. */
export const SAMPLE = {
  name: "sample",
  description: "A command for tests.",
  options,
  operands: { syntax: "[study...]", description: "studies", choices: ["noise", "gamma"] },
  notes: "Example: deno task sample --model M",
} satisfies CommandSpec<typeof options>;

/** The values of `SAMPLE`'s options; that they have types is part of the test. */
export function parseSample(...args: string[]) {
  const { options: values, operands } = parseCommand(SAMPLE, args);
  const typed: {
    readonly model: string;
    readonly loss: "dpo" | "ipo" | "slic-hf" | "simpo";
    readonly method: "a" | "b" | undefined;
    readonly keep: number;
    readonly lr: number | undefined;
    readonly maxLength: number;
    readonly limit: number | undefined;
    readonly arms: readonly ("plain" | "sera" | "random")[];
    readonly full: boolean;
  } = values;
  return { options: typed, operands };
}
