import { join } from "node:path";
import { engine } from "../../engine/tensorflow.ts";
import { fingerprintJson } from "../../files/fingerprint.ts";
import { generate, type Response } from "../../policy/generate.ts";
import { type KeptResponses, keptResponses, responsesOf } from "../../policy/kept_responses.ts";
import type { LanguageModel } from "../../policy/language_model.ts";
import { responseGroups } from "../../policy/response_groups.ts";
import { completionLogps } from "../../policy/sequence_logps.ts";
import type { ProgressSink } from "../../progress/progress_sink.ts";
import { type CacheWarning, readCached, warnOnStderr, writeCached } from "../cached_checkpoint.ts";
import type { SentimentSetting } from "./setting.ts";

/** Responses decoded side by side. */
export const DECODE_BATCH = 128;

/** The SFT model's samples to some prompts, scored by itself. */
export interface SftSamples {
  /** `[prompt][sample]` */
  readonly responses: readonly (readonly Response[])[];
  /** Log-probabilities, nats, of all of them in order. */
  readonly logps: readonly number[];
}

/** What decides the samples of a seed: the settings that name runs sharing them. */
export function samplesKey(
  { flipRate: _f, labelTemperature: _t, pairs: _p, rank: _r, ...setting }: SentimentSetting,
  seed: number,
): string {
  return fingerprintJson({ setting, seed });
}

/** Samples that follow from the model, the prompts and a path of draws. */
export interface SampleRequest {
  readonly model: LanguageModel;
  readonly prompts: readonly Int32Array[];
  readonly responses: number;
  readonly maxNewTokens: number;
  readonly stopTokenIds: readonly number[];
  readonly seed: number;
  /** "offline pairs" or "SFT evaluation": names draws and file. */
  readonly name: string;
  /** Of `samplesKey`. */
  readonly key: string;
  /** Folder. */
  readonly cache: string;
  readonly progress: ProgressSink;
}

/** Draws and scores the samples, or reads them back from the cache, where they are the same. */
export async function sftSamples(
  { model, prompts, name, key, cache, progress, ...draw }: SampleRequest,
  warn: CacheWarning = warnOnStderr,
): Promise<SftSamples> {
  const { backend } = engine().info;
  const file = `sentiment-${backend}-${name.replaceAll(" ", "-")}-${key.slice(0, 24)}.safetensors`;
  const path = join(cache, file);
  const known = readCached(path, "samples of the SFT model", warn)?.state as Kept | undefined;
  if (known !== undefined) {
    return { responses: responsesOf(known.responses), logps: known.logps };
  }
  progress.phase(name, prompts.length * draw.responses, { unit: "response" });
  let done = 0;
  const responses = await generate(model, prompts, {
    ...{ ...draw, path: [name], batch: DECODE_BATCH, temperature: 1, topP: 1, topK: 0 },
    onProgress: (count) => {
      progress.advance(count - done);
      done = count;
    },
  });
  progress.done();
  const logps = await completionLogps(model, responseGroups(prompts, responses));
  const state: Kept = { responses: keptResponses(responses), logps };
  writeCached(path, "sample of the SFT model", { position: 0, tensors: new Map(), state }, warn);
  return { responses, logps };
}

type Kept = {
  readonly responses: KeptResponses;
  readonly logps: number[];
};
