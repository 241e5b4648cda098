import { basename, join } from "node:path";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { preferenceFile } from "../../../lib/environments/preference_file/environment.ts";
import { openPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import { runTrainer } from "../../../lib/external/external_trainer.ts";
import { type RunningServer, startServer } from "../../../lib/external/model_server.ts";
import { type ExternalModels, runExternal } from "../../../lib/external/run_external.ts";
import { writeJsonl } from "../../../lib/data/write_jsonl.ts";
import type { JsonObject } from "../../../lib/files/canonical_json.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import type { SeraConfig } from "../../../lib/sera/config.ts";
import { generateByServer, scoreByServer } from "../../../lib/server/server_scorer.ts";
import { openRunDirectory } from "../../../lib/storage/run_directory.ts";
import { runConfig } from "../../../lib/study/run_config.ts";
import { tellData } from "../tell_data.ts";
import { seraOptionsOf, settingOf } from "./configure.ts";
import type { AlignOptions } from "./options.ts";

/** Learning rate of a trainer that updates all weights, where none is told. */
const LEARNING_RATE = 1e-6;

/**
 * Aligns a model that a server runs and an external trainer updates. Every answer and every
 * checkpoint is kept in --out: the same command goes on.
 *
 * @returns one line about what was done
 * @throws {UserError} naming file, option, server or trainer
 */
export async function runAlignExternally(
  options: AlignOptions,
  trainer: string,
  progress: ProgressSink,
): Promise<string> {
  const { seed, out, force, serve, concurrency, timeout } = options;
  if (serve === undefined) throw new UsageError("--trainer needs --serve: the server's command");
  const setting = settingOf(options);
  const opened = await openPreferences(setting, seed, progress);
  const { files: { tokenizer }, pairs, file, tokenized } = opened;
  const { sera: given, ...rest } = runConfig(preferenceFile, seed, [{
    setting: { ...opened.setting, model: basename(options.model), data: basename(options.data) },
    sera: seraOptionsOf(options),
  }]);
  const config: SeraConfig = {
    ...given,
    steps: given.steps ?? Math.ceil(pairs.length / given.batch),
    learningRate: given.learningRate ?? LEARNING_RATE,
  };
  const recorded = { command: "align", ...rest, sera: config, trainer, serve };
  const warn = (message: string) => progress.message(`warning: ${message}`);
  using folder = openRunDirectory(out, recorded as unknown as JsonObject, { force, warn });
  if (folder.finished) return `finished already: ${out}`;
  tellData(progress, file, tokenized, {
    template: tokenizer.hasChatTemplate,
    use: options.chatTemplate,
  });
  for (const name of ["answers", "logs", "pairs", "checkpoints"]) {
    Deno.mkdirSync(folder.path(name), { recursive: true });
  }
  const checkpoint = (t: number) =>
    t === 0 ? options.model : folder.path(join("checkpoints", `iteration-${t}`));
  const running = new Servers(async (t) =>
    await startServer(checkpoint(t), tokenizer, {
      ...{ command: serve, startSeconds: options.serveSeconds, timeoutSeconds: timeout },
      log: folder.path(join("logs", `server-${t}.log`)),
    })
  );
  const work = (t: number, name: string) => ({
    ...{ concurrency, identity: `checkpoint ${t}` },
    journal: folder.path(join("answers", `${name}-by-${t}.jsonl`)),
  });
  const models: ExternalModels = {
    score: async (t, name, groups) => {
      progress.phase(`score ${name} by ${t}`, groups.length, { unit: "prompt" });
      const kept = folder.has(join("answers", `${name}-by-${t}.json`));
      if (kept) {
        progress.done();
        const lists = folder.readJson(join("answers", `${name}-by-${t}.json`)) as number[][];
        return lists.map((list) => Float64Array.from(list));
      }
      const server = await running.of(t);
      await server.checkTokens(checkedTexts(groups.map(({ promptIds }) => promptIds), tokenizer));
      const logps = await scoreByServer(server, groups, work(t, name), () => progress.advance(1));
      folder.writeJson(join("answers", `${name}-by-${t}.json`), logps.map((list) => [...list]));
      progress.done();
      return logps;
    },
    respond: async (t, name, prompts, bootstrap) => {
      progress.phase(`generate ${name}`, prompts.length * bootstrap.responses, {
        unit: "response",
      });
      const generation = { ...bootstrap, seed, path: ["respond", t + 1] };
      const responses = await generateByServer(
        await running.of(t),
        prompts,
        generation,
        work(t, name),
        () => progress.advance(1),
      );
      progress.done();
      return responses;
    },
    train: async (t, start, training) => {
      await running.stop(); // its memory is the trainer's now
      const path = folder.path(join("pairs", `iteration-${t}.jsonl`));
      const text = (ids: Int32Array) => tokenizer.decode(ids);
      writeJsonl(
        path,
        training.map((pair) => ({
          ...{ id: pair.id, prompt: text(pair.promptIds) },
          ...{ chosen: text(pair.chosenIds), rejected: text(pair.rejectedIds) },
          ref_chosen_logps: pair.referenceChosenLogp,
          ref_rejected_logps: pair.referenceRejectedLogp,
          prompt_ids: [...pair.promptIds],
          chosen_ids: [...pair.chosenIds],
          rejected_ids: [...pair.rejectedIds],
        })),
      );
      progress.message(`iteration ${t}: training on ${training.length} pairs`);
      await runTrainer(trainer, {
        ...{ iteration: t, pairs: path, start: checkpoint(start), sft: options.model, seed },
        output: checkpoint(t),
        config: config as unknown as Record<string, unknown>,
      }, folder.path(join("logs", `trainer-${t}`)));
    },
  };
  try {
    const iterations = await runExternal({ pairs, config, seed, models });
    folder.writeJson("iterations.json", iterations);
    folder.finish();
    return `done: ${checkpoint(iterations.length)}; what each iteration kept: ` +
      folder.path("iterations.json");
  } finally {
    await running.stop();
  }
}

/** Prompts whose text is compared with the server's own tokenisation. */
const CHECKED_PROMPTS = 16;

function checkedTexts(
  prompts: readonly Int32Array[],
  tokenizer: { decode(ids: Int32Array): string; encode(text: string): Int32Array },
): string[] {
  // A cut prompt may begin within a character: its text has other tokens.
  return prompts.filter((ids) => tokenizer.encode(tokenizer.decode(ids)).join() === ids.join())
    .slice(0, CHECKED_PROMPTS).map((ids) => tokenizer.decode(ids));
}

/** At most one server at a time: checkpoints share the device. */
class Servers {
  readonly #start: (checkpoint: number) => Promise<RunningServer>;
  #now: { readonly checkpoint: number; readonly running: RunningServer } | undefined;

  constructor(start: (checkpoint: number) => Promise<RunningServer>) {
    this.#start = start;
  }

  async of(checkpoint: number): Promise<RunningServer["server"]> {
    if (this.#now?.checkpoint !== checkpoint) {
      await this.stop();
      this.#now = { checkpoint, running: await this.#start(checkpoint) };
    }
    return this.#now.running.server;
  }

  async stop(): Promise<void> {
    const stopping = this.#now?.running;
    this.#now = undefined;
    await stopping?.[Symbol.asyncDispose]();
  }
}
