import { breathe } from "../engine/breathe.ts";
import { createPrng, type Prng } from "../random/prng.ts";
import { UserError } from "../errors.ts";
import { Decoder } from "./decode.ts";
import type { LanguageModel } from "./language_model.ts";
import { sampleToken, type SamplingRule } from "./sampling.ts";

/** What to generate. */
export interface GenerationOptions extends SamplingRule {
  /** Responses for each prompt. */
  readonly responses: number;
  /** Tokens per response, the stop token included. */
  readonly maxNewTokens: number;
  /** A response ends with the first of these, which is kept as its last id. */
  readonly stopTokenIds: readonly number[];
  /** Of the draws. */
  readonly seed: number;
  /** Names the draws under the seed: response r of prompt p draws from [...path, p, r] alone. */
  readonly path: readonly (string | number)[];
  /** Most responses decoded side by side. */
  readonly batch: number;
  /** Called after each batch, with responses and tokens so far. */
  readonly onProgress?: (responses: number, tokens: number) => void | Promise<void>;
  /** Called after each token of the batch, with the batch's tokens so far. */
  readonly onToken?: (tokens: number) => void;
  /**
   * Gives the responses of a batch, prompt by prompt: those that were kept, or `decode`'s. Default:
   * `decode`'s.
   *
   * @param members indices of the batch's prompts
   */
  readonly recall?: (
    members: readonly number[],
    decode: () => Promise<Response[]>,
  ) => Promise<Response[]>;
}

/** One response. */
export interface Response {
  /** Tokens of the response, the stop token included. */
  readonly ids: Int32Array;
  /** False if it ran into maxNewTokens (or the context) before a stop token. */
  readonly finished: boolean;
}

/**
 * Responses to each prompt, in order: out[prompt][response].
 *
 * Prompts are run once however many responses they have; responses that have ended leave the
 * batch. Draws belong to a response, not to a batch, so the batch size changes no draw.
 * @throws UserError naming a prompt that leaves no room in the context
 */
export async function generate(
  model: LanguageModel,
  prompts: readonly Int32Array[],
  options: GenerationOptions,
): Promise<Response[][]> {
  const { maxPositions } = model.config;
  prompts.forEach((prompt, i) => {
    if (prompt.length === 0) throw new UserError(`prompt ${i} is empty`);
    if (prompt.length >= maxPositions) {
      throw new UserError(
        `prompt ${i} has ${prompt.length} tokens, the model's context ${maxPositions}: shorten it`,
      );
    }
  });
  const out: Response[][] = prompts.map(() => []);
  const perBatch = Math.max(1, Math.floor(options.batch / options.responses));
  // Similar lengths together, so that a batch ends together.
  const order = prompts.map((_, i) => i).sort((a, b) =>
    (prompts[a]?.length ?? 0) - (prompts[b]?.length ?? 0) || a - b
  );
  let responses = 0, tokens = 0;
  for (let at = 0; at < order.length; at += perBatch) {
    const members = order.slice(at, at + perBatch);
    const decode = () =>
      decodeBatch(model, members.map((i) => prompts[i] as Int32Array), {
        ...options,
        generators: members.flatMap((p) =>
          Array.from(
            { length: options.responses },
            (_, r) => createPrng(options.seed, ...options.path, p, r),
          )
        ),
      });
    const results = await (options.recall?.(members, decode) ?? decode());
    members.forEach((index, m) => {
      out[index] = results.slice(m * options.responses, (m + 1) * options.responses);
    });
    responses += results.length;
    tokens += results.reduce((sum, r) => sum + r.ids.length, 0);
    await options.onProgress?.(responses, tokens);
  }
  return out;
}

/** All responses of one batch of prompts, prompt by prompt. */
async function decodeBatch(
  model: LanguageModel,
  prompts: readonly Int32Array[],
  options: GenerationOptions & { readonly generators: readonly Prng[] },
): Promise<Response[]> {
  const owner = Int32Array.from(
    { length: prompts.length * options.responses },
    (_, i) => Math.floor(i / options.responses),
  );
  const promptOf = (i: number) => prompts[owner[i] as number] as Int32Array;
  const limits = Array.from(
    owner,
    (_, i) => Math.min(options.maxNewTokens, model.config.maxPositions - promptOf(i).length),
  );
  const ids: number[][] = limits.map(() => []);
  const finished: boolean[] = limits.map(() => false);
  const stop = new Set(options.stopTokenIds);
  const capacity = Math.max(...limits);
  const decoder = new Decoder(model.inferenceWeights(), prompts, owner, capacity);
  try {
    let active = limits.map((_, i) => i);
    let rows = active;
    let inputs = Int32Array.from(active, (i) => promptOf(i).at(-1) as number);
    while (active.length > 0) {
      const logits = decoder.step(inputs);
      const values = await logits.data() as Float32Array;
      await breathe();
      const vocabSize = logits.shape[1];
      logits.dispose();
      const next = new Int32Array(rows.length);
      rows.forEach((i, row) => {
        if (finished[i] || (ids[i]?.length ?? 0) >= (limits[i] ?? 0)) return;
        const id = sampleToken(
          values.subarray(row * vocabSize, (row + 1) * vocabSize),
          options,
          options.generators[i] as Prng,
        );
        ids[i]?.push(id);
        finished[i] = stop.has(id);
        next[row] = id;
      });
      options.onToken?.(ids.reduce((sum, list) => sum + list.length, 0));
      active = rows.filter((i) => !finished[i] && (ids[i]?.length ?? 0) < (limits[i] ?? 0));
      if (active.length > 0 && active.length <= rows.length * 0.75) {
        const kept = Int32Array.from(active, (i) => rows.indexOf(i));
        decoder.keep(kept);
        inputs = Int32Array.from(kept, (row) => next[row] as number);
        rows = active;
      } else {
        inputs = next;
      }
    }
  } finally {
    decoder.dispose();
  }
  return ids.map((list, i) => ({ ids: Int32Array.from(list), finished: finished[i] as boolean }));
}
