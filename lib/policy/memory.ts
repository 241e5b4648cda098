import type { ModelConfig } from "./config.ts";

const FLOAT_BYTES = 4;

/** Logits of one chunk, at most (`sequence_logps.ts`), and the arrays of that size held at once. */
const LOGITS = 16 * 2 ** 20, LOGIT_ARRAYS = 3;

/** All that a WebAssembly module can address, less what the engine itself takes. */
export const WASM_BYTES: number = 3.5 * 2 ** 30;

/** What the memory of a pass depends on. */
export interface PassSize {
  /** Packed rows of the pass, tokens: see `packing.ts`. */
  readonly rows: number;
  /** Tokens of the longest sequence in it. */
  readonly longest: number;
  /**
   * Whether attention runs on our fused kernels. Composed of TensorFlow's operations it holds the
   * scores of all heads, [H, T, T].
   */
  readonly fused: boolean;
}

/** Numbers in memory for each row of a pass with gradients: the tape of `hiddenStates`. */
function numbersPerRow(config: ModelConfig): number {
  const { hiddenSize: d, intermediateSize: f, heads, kvHeads, headDim } = config;
  const attention = (2 * heads + 2 * kvHeads) * headDim + heads;
  return config.layers * (4 * d + attention + 3 * f + 2) + 3 * d;
}

/** Bytes of a model's weights in float32. */
export function weightBytes(config: ModelConfig): number {
  const { hiddenSize: d, intermediateSize: f, heads, kvHeads, headDim } = config;
  const layer = 2 * d + d * (2 * heads + 2 * kvHeads) * headDim + 3 * d * f;
  const tables = config.tieEmbeddings ? 1 : 2;
  return FLOAT_BYTES * (tables * config.vocabSize * d + config.layers * layer + d);
}

/** Bytes that one pass of an update takes beside the weights. Measured: within a tenth. */
export function passBytes(config: ModelConfig, { rows, longest, fused }: PassSize): number {
  const logits = LOGIT_ARRAYS * Math.min(LOGITS, rows * config.vocabSize);
  const scores = fused ? 0 : 3 * config.heads * longest ** 2;
  return FLOAT_BYTES * (rows * numbersPerRow(config) + logits + scores);
}

/** Most rows of a pass that `free` bytes hold; 0 where not even its fixed part fits. */
export function rowsThatFit(
  config: ModelConfig,
  size: Omit<PassSize, "rows">,
  free: number,
): number {
  const ofRow = FLOAT_BYTES * numbersPerRow(config);
  const many = LOGITS; // rows at which a chunk of logits is full
  const fixed = passBytes(config, { ...size, rows: many }) - many * ofRow;
  return Math.max(0, Math.floor((free - fixed) / ofRow));
}

/** The pairs of a run, and where it runs. */
export interface MemoryQuestion {
  /** Packed rows of each group that is trained on. */
  readonly groupRows: readonly number[];
  /** Tokens of the longest sequence. */
  readonly longest: number;
  readonly maxRows: number;
  readonly fused: boolean;
  /** Bytes that are free before the model's gradients and passes. */
  readonly free: number;
}

/**
 * What to say before a run whose passes do not fit into the free memory: undefined where they do.
 * Rows decide nothing but memory and rounding, so the number that fits is named, not taken: a run
 * has the same config on every machine.
 */
export function memoryWarning(config: ModelConfig, question: MemoryQuestion): string | undefined {
  const { groupRows, maxRows, longest, fused, free } = question;
  const largest = groupRows.reduce((a, b) => Math.max(a, b), 0);
  const total = groupRows.reduce((a, b) => a + b, 0);
  const rows = Math.max(largest, Math.min(maxRows, total)); // a larger group stands alone
  const needed = passBytes(config, { rows, longest, fused });
  if (needed <= free) return undefined;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const fitting = rowsThatFit(config, { longest, fused }, free);
  const advice = fitting >= largest
    ? `--max-rows ${fitting} fits`
    : `the longest pair alone has ${largest} tokens: lower --max-length`;
  return `an update takes about ${gigabytes(needed)} of memory, and ${
    gigabytes(free)
  } are free: ${advice}`;
}
