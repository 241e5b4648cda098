import { existsSync } from "node:fs";
import { UserError } from "../errors.ts";
import { writeDurably } from "../files/durable_file.ts";
import { quote } from "./model_server.ts";

/** What an external trainer is told, as JSON in the file that its command line ends with. */
export interface TrainerJob {
  /** From 1. */
  readonly iteration: number;
  /** JSONL to train on: prompt, chosen, rejected, `ref_chosen_logps`, `ref_rejected_logps`, ids. */
  readonly pairs: string;
  /** Model folder to start from. */
  readonly start: string;
  /** The SFT model's folder. */
  readonly sft: string;
  /** Folder to write the new model into: whole weights and tokenizer. */
  readonly output: string;
  readonly seed: number;
  /** The loss and its options, steps, batch, learningRate, schedule, warmup and so on. */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Runs an iteration's trainer, unless its checkpoint is there already.
 *
 * @param command a shell command; the job's file follows as its last word
 * @param stem path of the job's files: `<stem>.json`, `<stem>.log`, `<stem>.done`
 * @throws {UserError} naming the log, where it fails or gives no checkpoint
 */
export async function runTrainer(command: string, job: TrainerJob, stem: string): Promise<void> {
  const done = `${stem}.done`;
  if (existsSync(done) && existsSync(job.output)) return;
  const [path, log] = [`${stem}.json`, `${stem}.log`];
  writeDurably(path, [new TextEncoder().encode(JSON.stringify(job, null, 2) + "\n")]);
  const { code } = await new Deno.Command("sh", {
    args: ["-c", `exec >> ${quote(log)} 2>&1; ${command} ${quote(path)}`],
    stdin: "null",
  }).output();
  if (code !== 0) {
    throw new UserError(
      `the trainer of iteration ${job.iteration} ended with code ${code}: see ${log}; ` +
        "the same command goes on from there",
    );
  }
  const files = existsSync(job.output) ? [...Deno.readDirSync(job.output)] : [];
  if (files.length === 0) {
    throw new UserError(
      `the trainer of iteration ${job.iteration} wrote no checkpoint into ${job.output}: see ${log}`,
    );
  }
  writeDurably(done, []);
}
