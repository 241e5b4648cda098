import { UserError } from "../../errors.ts";
import type { ModelConfig, RopeScaling } from "../config.ts";
import { rotaryFrequencies } from "../rotary_frequencies.ts";
import { checkConfig, defaultHeadDim } from "./check_config.ts";
import { fieldsOf } from "./fields.ts";

/** What the tensor table says of the model. */
export interface GgufFacts {
  /** Rows of the embedding table. */
  readonly vocabSize: number;
  /** Whether there is an output projection of its own. */
  readonly hasOutput: boolean;
  /** `rope_freqs.weight`: divisors of the rotary frequencies. */
  readonly ropeFactors: Float32Array | undefined;
}

/**
 * The model configuration in a GGUF's metadata (`llama.*` keys).
 *
 * Throws `UserError` naming what is not supported: another architecture, mixture of experts,
 * sliding windows, partial rotary embeddings, another rope scaling than linear and llama3's.
 */
export function parseGgufConfig(
  metadata: Readonly<Record<string, unknown>>,
  facts: GgufFacts,
  origin: string,
): ModelConfig {
  const fields = fieldsOf(metadata, origin);
  const architecture = fields.text("general.architecture");
  if (architecture !== "llama") {
    throw new UserError(
      `${origin}: architecture ${JSON.stringify(architecture ?? null)} is not supported (llama is)`,
    );
  }
  const unsupported = ["llama.expert_count", "llama.attention.sliding_window", "split.count"]
    .find((key) => fields.has(key) && Number(metadata[key]) > 1);
  if (unsupported !== undefined) {
    throw new UserError(`${origin}: ${unsupported} ${metadata[unsupported]} is not supported`);
  }
  const hiddenSize = fields.count("llama.embedding_length");
  const heads = fields.count("llama.attention.head_count");
  const headDim = fields.has("llama.attention.key_length")
    ? fields.count("llama.attention.key_length")
    : defaultHeadDim(hiddenSize, heads, origin);
  for (const key of ["llama.rope.dimension_count", "llama.attention.value_length"]) {
    if (fields.count(key, headDim) !== headDim) {
      throw new UserError(
        `${origin}: ${key} ${metadata[key]} differs from the head width ${headDim}`,
      );
    }
  }
  const ropeTheta = shortest(fields.positive("llama.rope.freq_base", 10000));
  const scaling = parseScaling(metadata, facts.ropeFactors, { headDim, ropeTheta }, origin);
  return checkConfig({
    vocabSize: facts.vocabSize,
    hiddenSize,
    intermediateSize: fields.count("llama.feed_forward_length"),
    layers: fields.count("llama.block_count"),
    heads,
    kvHeads: fields.count("llama.attention.head_count_kv", heads),
    headDim,
    ropeTheta,
    rmsNormEps: shortest(fields.positive("llama.attention.layer_norm_rms_epsilon")),
    maxPositions: fields.count("llama.context_length"),
    tieEmbeddings: !facts.hasOutput,
    ...(scaling && { ropeScaling: scaling }),
  }, origin);
}

/** The shortest decimal that rounds to the same float32: 1e-5 rather than 9.999999747378752e-6. */
function shortest(value: number): number {
  const candidate = Number(value.toPrecision(7));
  return Math.fround(candidate) === Math.fround(value) ? candidate : value;
}

function parseScaling(
  metadata: Readonly<Record<string, unknown>>,
  factors: Float32Array | undefined,
  rope: { headDim: number; ropeTheta: number },
  origin: string,
): RopeScaling | undefined {
  const type = metadata["llama.rope.scaling.type"] ?? "none";
  const linear = Number(
    metadata["llama.rope.scaling.factor"] ?? metadata["llama.rope.scale_linear"] ?? 1,
  );
  if (type !== "none" && type !== "linear") {
    throw new UserError(`${origin}: rope scaling ${JSON.stringify(type)} is not supported`);
  }
  const isPlain = factors === undefined || factors.every((factor) => factor === 1);
  if (type === "linear" && linear !== 1) {
    if (!isPlain || !(linear > 0)) {
      throw new UserError(`${origin}: linear rope scaling by ${linear} is not supported here`);
    }
    return { type: "linear", factor: linear };
  }
  if (isPlain) return undefined;
  const scaling = {
    type: "llama3",
    factor: shortest(factors.at(-1)!),
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositions: 8192,
  } as const;
  const scaled = rotaryFrequencies({ ...rope, ropeScaling: scaling });
  const plain = rotaryFrequencies(rope);
  const isLlama3 = factors.length === plain.length &&
    plain.every((frequency, i) => Math.abs(frequency / scaled[i]! / factors[i]! - 1) < 1e-4);
  if (isLlama3) return scaling;
  throw new UserError(`${origin}: tensor "rope_freqs.weight" is not Llama 3's frequency scaling`);
}
