import { cpuKind } from "../../lib/storage/machine.ts";
import { writeJsonl } from "../../lib/data/write_jsonl.ts";
import { engine } from "../../lib/engine/tensorflow.ts";
import { removeIfThere } from "../../lib/files/durable_file.ts";
import { lockOutput } from "../../lib/files/output_lock.ts";
import { generate, type GenerationOptions, type Response } from "../../lib/policy/generate.ts";
import { type ModelFiles, modelFingerprint } from "../../lib/policy/io/model_files.ts";
import { adapterFingerprint } from "../../lib/policy/io/peft.ts";
import { type KeptResponses, keptResponses, responsesOf } from "../../lib/policy/kept_responses.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import type { PromptGroup } from "../../lib/policy/packing.ts";
import { type ScoringOptions, sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { RequestJournal } from "../../lib/server/request_journal.ts";

/** A model in this process, and what it was read from. */
export interface LocalModel {
  readonly model: LanguageModel;
  readonly files: ModelFiles;
  /** Folder of the adapter that `model` has. */
  readonly adapter: string | undefined;
}

/**
 * A command's work with models in this process. Every batch is kept in `<out>.batches.jsonl` until
 * the output is written: after a failure the same command goes on, to the same bits. A batch is known
 * by all that decides its values: another model, input, option or engine computes its own. Until it
 * is disposed, no other process writes the same output.
 */
export class LocalRun implements Disposable {
  readonly #out: string;
  readonly #journal: string;
  readonly #lock: Disposable;

  /** @throws {UserError} naming the process that writes the output */
  constructor(out: string) {
    this.#lock = lockOutput(out);
    this.#out = out;
    this.#journal = `${out}.batches.jsonl`;
  }

  /**
   * Responses as `generate` gives them.
   *
   * @throws {UserError} as `generate`, or naming a line of the kept file that is not ours
   */
  async generate(
    source: LocalModel,
    prompts: readonly Int32Array[],
    options: GenerationOptions,
  ): Promise<Response[][]> {
    const { temperature, topP, topK, responses, maxNewTokens, stopTokenIds, seed, path } = options;
    const rule = { temperature, topP, topK, responses, maxNewTokens, stopTokenIds, seed, path };
    const identity = identityOf(source);
    const journal = new RequestJournal<KeptResponses>(this.#journal);
    return await generate(source.model, prompts, {
      ...options,
      recall: async (members, decode) => {
        const ids = members.map((p) => [...prompts[p] as Int32Array]);
        const request = ["generate", identity, rule, members, ids];
        const kept = await journal.once(request, async () => keptResponses([await decode()]));
        return responsesOf(kept).flat();
      },
    });
  }

  /**
   * Log-probabilities as `sequenceLogps` gives them, nats.
   *
   * @throws {UserError} naming a line of the kept file that is not ours
   */
  async score(
    source: LocalModel,
    groups: readonly PromptGroup[],
    options: ScoringOptions,
  ): Promise<Float64Array[]> {
    const identity = identityOf(source);
    // As text: JSON has no NaN, which the output is to name.
    const journal = new RequestJournal<string[]>(this.#journal);
    return await sequenceLogps(source.model, groups, {
      ...options,
      recall: async (members, compute) => {
        const ids = members.map((i) => {
          const { promptIds, completions } = groups[i] as PromptGroup;
          return [[...promptIds], ...completions.map((completion) => [...completion])];
        });
        const request = ["score", identity, ids];
        const kept = await journal.once(
          request,
          () => Promise.resolve(Array.from(compute(), String)),
        );
        return Float64Array.from(kept, Number);
      },
    });
  }

  /** Writes the output; the kept batches are then of no use. */
  write(rows: readonly object[]): void {
    writeJsonl(this.#out, rows);
    removeIfThere(this.#journal);
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }
}

/** What decides the values of a model: its files, and how the engine rounds. */
function identityOf({ files, adapter }: LocalModel) {
  const { backend, device, nativeOps, threads, tensorflowVersion } = engine().info;
  return {
    model: modelFingerprint(files),
    adapter: adapter === undefined ? null : adapterFingerprint(adapter),
    engine: { backend, device, nativeOps, threads, tensorflowVersion },
    cpuKind: cpuKind(),
  };
}
