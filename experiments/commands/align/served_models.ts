import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeJsonl } from "../../../lib/data/write_jsonl.ts";
import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import { UserError } from "../../../lib/errors.ts";
import type { ExternalModels } from "../../../lib/external/external_models.ts";
import { runTrainer } from "../../../lib/external/external_trainer.ts";
import { type RunningServer, startServer } from "../../../lib/external/model_server.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import type { SeraConfig } from "../../../lib/sera/config.ts";
import type { StepRow } from "../../../lib/sera/store.ts";
import { generateByServer, scoreByServer } from "../../../lib/server/server_scorer.ts";
import type { RunDirectory } from "../../../lib/storage/run_directory.ts";
import type { TrainingPair } from "../../../lib/training/update.ts";
import type { ExternalCommands } from "./commands_elsewhere.ts";
import type { AlignOptions } from "./options.ts";

/** Prompts whose text is compared with the server's own tokenisation. */
const CHECKED_PROMPTS = 16;

/** What models elsewhere are made of. */
export interface ServedInput {
  readonly options: AlignOptions;
  readonly commands: ExternalCommands;
  readonly opened: OpenedPreferences;
  readonly config: SeraConfig;
  readonly folder: RunDirectory;
  readonly progress: ProgressSink;
}

/**
 * Checkpoints that `--serve` serves, one at a time, and `--trainer` makes. In the run's folder:
 * `answers/` every answer of a server, `pairs/` what trainers got, `checkpoints/`, `logs/`.
 */
export class ServedModels implements ExternalModels, AsyncDisposable {
  readonly #input: ServedInput;
  /** At most one server at a time: checkpoints share the device. */
  #now: { readonly checkpoint: number; readonly running: RunningServer } | undefined;

  constructor(input: ServedInput) {
    this.#input = input;
    for (const name of ["answers", "logs", "pairs", "checkpoints"]) {
      Deno.mkdirSync(input.folder.path(name), { recursive: true });
    }
  }

  /** Path of a checkpoint's folder; 0 is the SFT model. */
  checkpoint(t: number): string {
    const { options, folder } = this.#input;
    return t === 0 ? options.model : folder.path(join("checkpoints", `iteration-${t}`));
  }

  score: ExternalModels["score"] = async (t, name, groups) => {
    const { progress, opened: { files: { tokenizer } } } = this.#input;
    progress.phase(`score ${name} by ${t}`, groups.length, { unit: "prompt" });
    const server = await this.#serverOf(t);
    await server.checkTokens(
      // A cut prompt may begin within a character: its text has other tokens.
      groups.filter(({ promptIds }) =>
        tokenizer.encode(tokenizer.decode(promptIds)).join() === promptIds.join()
      ).slice(0, CHECKED_PROMPTS).map(({ promptIds }) => tokenizer.decode(promptIds)),
    );
    const work = this.#work(t, name);
    const logps = await scoreByServer(server, groups, work, () => progress.advance(1));
    progress.done();
    return logps;
  };

  respond: ExternalModels["respond"] = async (t, name, prompts, bootstrap) => {
    const { progress, options: { seed } } = this.#input;
    progress.phase(`generate ${name}`, prompts.length * bootstrap.responses, { unit: "response" });
    const responses = await generateByServer(
      await this.#serverOf(t),
      prompts,
      { ...bootstrap, seed, path: ["respond", t + 1] },
      this.#work(t, name),
      () => progress.advance(1),
    );
    progress.done();
    return responses;
  };

  train: ExternalModels["train"] = async (t, start, training): Promise<StepRow[]> => {
    await this.#stop(); // its memory is the trainer's now
    const { options: { model, seed }, commands, config, folder, progress } = this.#input;
    const pairs = folder.path(join("pairs", `iteration-${t}.jsonl`));
    writeJsonl(pairs, training.map((pair) => this.#row(pair)));
    progress.message(`iteration ${t}: training on ${training.length} pairs`);
    const stem = folder.path(join("logs", `trainer-${t}`));
    return await runTrainer(
      commands.trainer,
      {
        ...{ iteration: t, pairs, start: this.checkpoint(start), sft: model, seed },
        ...{ output: this.checkpoint(t), steps: `${stem}.steps.jsonl` },
        config: config as unknown as Record<string, unknown>,
      },
      stem,
      (message) => progress.message(`warning: ${message}`),
    );
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  #row(pair: TrainingPair): Record<string, unknown> {
    const { tokenizer } = this.#input.opened.files;
    const text = (ids: Int32Array) => tokenizer.decode(ids);
    return {
      ...{ id: pair.id, prompt: text(pair.promptIds) },
      ...{ chosen: text(pair.chosenIds), rejected: text(pair.rejectedIds) },
      ref_chosen_logps: pair.referenceChosenLogp,
      ref_rejected_logps: pair.referenceRejectedLogp,
      prompt_ids: [...pair.promptIds],
      chosen_ids: [...pair.chosenIds],
      rejected_ids: [...pair.rejectedIds],
    };
  }

  #work(t: number, name: string) {
    const { folder, options: { concurrency } } = this.#input;
    const journal = folder.path(join("answers", `${name}-by-${t}.jsonl`));
    return { concurrency, identity: `checkpoint ${t}`, journal };
  }

  async #serverOf(t: number): Promise<RunningServer["server"]> {
    if (this.#now?.checkpoint !== t) {
      await this.#stop();
      const { options, commands, opened, folder } = this.#input;
      const path = this.checkpoint(t);
      if (t > 0 && !existsSync(path)) {
        throw new UserError(`${path} is gone: put it back, or start anew with --force`);
      }
      const running = await startServer(path, opened.files.tokenizer, {
        ...{ command: commands.serve, name: `the server of checkpoint ${t}` },
        log: folder.path(join("logs", `server-${t}.log`)),
        ...{ startSeconds: options.serveSeconds, timeoutSeconds: options.timeout },
      });
      this.#now = { checkpoint: t, running };
    }
    return this.#now.running.server;
  }

  async #stop(): Promise<void> {
    const stopping = this.#now?.running;
    this.#now = undefined;
    await stopping?.[Symbol.asyncDispose]();
  }
}
