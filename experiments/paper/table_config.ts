import { parse } from "yaml";
import { messageOf, UserError } from "../../lib/errors.ts";
import type { ModelConfig } from "../../lib/policy/config.ts";
import { parseHfConfig } from "../../lib/policy/io/hf_config.ts";

/** Options of a command as its config file holds them: `max-length: 2048`. */
export type CommandOptions = Readonly<Record<string, string | number | boolean>>;

/** What the estimate of a table's cost assumes of its data, per record where not said. */
export interface TableSize {
  readonly demonstrations: number;
  readonly conversationTokens: number;
  /** Answers of a conversation of the SFT data. */
  readonly conversationTurns: number;
  readonly pairs: number;
  readonly promptTokens: number;
  readonly responseTokens: number;
  /** Prompts that are judged. */
  readonly instructions: number;
}

/** A table of the paper as runs of this suite. */
export interface TableConfig {
  /** The file's, without its ending. */
  readonly name: string;
  readonly title: string;
  /** What is publicly known to be the paper's. */
  readonly paper: readonly string[];
  /** What we filled in. */
  readonly ours: readonly string[];
  readonly models: Readonly<Record<string, { readonly id: string; readonly config: ModelConfig }>>;
  readonly sft: CommandOptions;
  readonly data: CommandOptions;
  readonly align: CommandOptions;
  /** Shares of training labels that are flipped. */
  readonly noise: readonly number[];
  /** Options over those of `align`; `name` is the arm's. */
  readonly arms: readonly (CommandOptions & { readonly name: string })[];
  readonly judge: CommandOptions;
  readonly size: TableSize;
  readonly seeds: number;
}

const here = new URL("./", import.meta.url);

/** Names of the tables, in the order of their files. */
export function tableNames(): string[] {
  return [...Deno.readDirSync(here)].map(({ name }) => name)
    .filter((name) => name.endsWith(".yaml")).map((name) => name.slice(0, -5)).sort();
}

/** Keys of a table's file. */
const KEYS = [
  ...["title", "paper", "ours", "models", "sft", "data", "align", "noise", "arms", "judge"],
  ...["size", "seeds"],
];

/**
 * Reads a table's file. Options of commands are checked where the commands are planned.
 *
 * @throws {UserError} naming the file and the key at fault
 */
export function readTable(name: string): TableConfig {
  const file = `experiments/paper/${name}.yaml`;
  try {
    const read = parse(Deno.readTextFileSync(new URL(`${name}.yaml`, here)));
    const missing = KEYS.find((key) => !(key in read));
    if (missing !== undefined) throw new UserError(`"${missing}" is missing`);
    const unknown = Object.keys(read).find((key) => !KEYS.includes(key));
    if (unknown !== undefined) throw new UserError(`"${unknown}" is no key of a table`);
    const models = Object.entries(read.models as Record<string, { id: string; shape: string }>)
      .map(([model, { id, shape }]) => {
        const json = JSON.parse(Deno.readTextFileSync(new URL(`models/${shape}`, here)));
        return [model, { id, config: parseHfConfig(json, shape) }];
      });
    return { name, ...read, models: Object.fromEntries(models) };
  } catch (error) {
    throw new UserError(`${file}: ${messageOf(error)}`);
  }
}
