import { existsSync } from "node:fs";
import { UserError } from "../errors.ts";
import { explainDiskError, removeIfThere, writeDurably } from "../files/durable_file.ts";
import { ProcessGroup } from "../processes/process_group.ts";
import { quoteWord } from "../quote_word.ts";
import type { StepRow } from "../sera/store.ts";
import { checkTrainedCheckpoint } from "./trained_checkpoint.ts";
import { readTrainerSteps } from "./trainer_steps.ts";

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
  /**
   * Folder to write the new model into: whole weights and tokenizer. What an earlier try left there
   * is removed before it starts, for it could pass for this one's.
   */
  readonly output: string;
  /**
   * JSONL that it may write, a line per optimiser step: the numbers of `StepRow`, for the report's
   * curves. Lines of an earlier try are removed before it starts.
   */
  readonly steps: string;
  readonly seed: number;
  /** The loss and its options, steps, batch, learningRate, schedule, warmup and so on. */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Runs an iteration's trainer.
 *
 * @param command a shell command; the job's file follows as its last word
 * @param stem path of the job's files: `<stem>.json`, `<stem>.log`
 * @param warn told of steps that cannot be read
 * @returns the steps that it told of; none where it told of none
 * @throws {UserError} naming the log, where it fails or gives no checkpoint
 */
export async function runTrainer(
  command: string,
  job: TrainerJob,
  stem: string,
  warn: (message: string) => void = () => {},
): Promise<StepRow[]> {
  const [path, log] = [`${stem}.json`, `${stem}.log`];
  removeIfThere(job.steps);
  removeFolder(job.output);
  writeDurably(path, [new TextEncoder().encode(JSON.stringify(job, null, 2) + "\n")]);
  const code = await codeOf(
    `${command} ${quoteWord(path)}`,
    `the trainer of iteration ${job.iteration}`,
    log,
  );
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
  await checkTrainedCheckpoint(job.output).catch((error) => {
    throw error instanceof UserError
      ? new UserError(
        `the trainer of iteration ${job.iteration} ended well, but ${error.message}: see ${log}; ` +
          "the same command trains again",
      )
      : error;
  });
  return readTrainerSteps(job.steps, job.iteration, warn);
}

function removeFolder(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw explainDiskError(error, path);
  }
}

/** Runs a command to its end. What it started and left running then ends too: it holds the device. */
async function codeOf(command: string, name: string, log: string): Promise<number> {
  await using group = await ProcessGroup.start(command, { name, log });
  return await group.code();
}
