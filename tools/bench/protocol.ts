/** Lines of JSON between the benchmark and its two workers: a command in, an answer out. */
import type { Workload } from "./cases.ts";

/** A pair of token ids. */
export interface InputPair {
  readonly prompt: readonly number[];
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
}

/** `inputs.json`: what both workers read. Models and adapters lie beside it as folders. */
export interface Inputs {
  readonly work: Workload;
  readonly beta: number;
  readonly stepPairs: number;
  /** Folder of the model (Hugging Face, float32 safetensors). */
  readonly model: string;
  /** Folder of the PEFT adapter that training starts from. */
  readonly adapter: string | undefined;
  readonly pairs: readonly InputPair[];
  /** Prompts of generation. */
  readonly prompts: readonly (readonly number[])[];
}

/** What a worker can be told. */
export type Command =
  | { readonly do: "load"; readonly inputs: string }
  | { readonly do: "check" }
  | { readonly do: "run" }
  | { readonly do: "peak" };

/** Its answers, by command. */
export interface Answers {
  /** Versions of what computes. */
  readonly load: { readonly versions: Readonly<Record<string, string>> };
  /** Numbers that both sides must agree on; ids of greedy generation are exact. */
  readonly check: { readonly values: readonly number[] };
  /** Seconds of the work alone, and numbers of it that both sides must agree on. */
  readonly run: { readonly seconds: number; readonly values: readonly number[] };
  /** Highest resident memory of the process so far. */
  readonly peak: { readonly bytes: number };
}
