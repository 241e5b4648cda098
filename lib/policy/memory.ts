import type { ModelConfig } from "./config.ts";
import { parameterSlots } from "./parameter_slots.ts";

const FLOAT_BYTES = 4;

/** Logits of one chunk, at most (`sequence_logps.ts`), and the arrays of that size held at once. */
const LOGITS = 16 * 2 ** 20, LOGIT_ARRAYS = 3;

/**
 * Arrays of scores [H, T, T] that a pass without fused kernels holds at once beside those of every
 * layer that its gradient needs back.
 */
const SCORE_ARRAYS = 5;

/** What the memory of a pass depends on. */
export interface PassSize {
  /** Packed rows of the pass, tokens: see `packing.ts`. */
  readonly rows: number;
  /** Tokens of the longest sequence in it. */
  readonly longest: number;
  /**
   * Whether attention runs on our fused kernels. Composed of TensorFlow's operations it holds the
   * scores of all heads, [H, T, T] a sequence, those of every layer until its gradient is done.
   */
  readonly fused: boolean;
  /** Whether all weights train: the head's gradient needs the residual of every row, [rows, V]. */
  readonly full?: boolean;
}

/** Numbers in memory for each row of a pass with gradients: the tape of `hiddenStates`. */
function numbersPerRow(config: ModelConfig): number {
  const { hiddenSize: d, intermediateSize: f, heads, kvHeads, headDim } = config;
  const headNorm = config.headNorm ? (heads + kvHeads) * (headDim + 1) + kvHeads * headDim : 0;
  const attention = (2 * heads + 2 * kvHeads) * headDim + heads + headNorm;
  const mlp = (config.gelu ? 2 : 3) * f;
  return config.layers * (4 * d + attention + mlp + 2) + 3 * d;
}

/** Bytes of a model's weights in float32. */
export function weightBytes(config: ModelConfig): number {
  const sizes = parameterSlots(config).map(({ shape }) => shape.reduce((n, m) => n * m, 1));
  return FLOAT_BYTES * sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Bytes of attention's scores in a pass; none with fused kernels. Rows by the longest sequence is
 * what prompts no longer than their responses take; long prompts take up to three times as much.
 */
export function scoreBytes(config: ModelConfig, { rows, longest, fused }: PassSize): number {
  return fused ? 0 : FLOAT_BYTES * (config.layers + SCORE_ARRAYS) * config.heads * rows * longest;
}

/** Bytes that one pass of an update takes beside the weights. Measured: within a tenth, if fused. */
export function passBytes(config: ModelConfig, size: PassSize): number {
  const logits = LOGIT_ARRAYS * Math.min(LOGITS, size.rows * config.vocabSize);
  const residuals = size.full === true ? size.rows * config.vocabSize : 0;
  const numbers = size.rows * numbersPerRow(config) + logits + residuals;
  return FLOAT_BYTES * numbers + scoreBytes(config, size);
}

/** Most rows of a pass that `free` bytes hold; 0 where not even one does. */
export function rowsThatFit(
  config: ModelConfig,
  size: Omit<PassSize, "rows">,
  free: number,
): number {
  let fits = 0;
  for (let exceeds = 2 ** 31; exceeds - fits > 1;) {
    const rows = Math.floor((fits + exceeds) / 2);
    if (passBytes(config, { ...size, rows }) <= free) fits = rows;
    else exceeds = rows;
  }
  return fits;
}

/** Share of the free memory that a choice of rows fills: the estimate is no measurement. */
const FILLED = 0.9;

/** The pairs of a run, and where it runs. */
export interface MemoryQuestion {
  /** Packed rows of what has to be trained on in one pass: groups, or batches that stay whole. */
  readonly groupRows: readonly number[];
  /** Tokens of the longest sequence. */
  readonly longest: number;
  /** Most rows of a pass. */
  readonly wanted: number;
  /** Whether the user asked for these rows: they are then kept. */
  readonly fixed: boolean;
  readonly fused: boolean;
  /** Whether all weights train. Default: adapters. */
  readonly full?: boolean;
  /** Options that make the longest groups shorter, for messages. Default: --max-length. */
  readonly lower?: string;
  /** Bytes that are free before the model's gradients and passes. */
  readonly free: number;
}

/** How many rows a pass has, and what must be said of it. */
export interface RowsChoice {
  readonly maxRows: number;
  /** Why there are fewer than wanted; undefined where all fit, or none would. */
  readonly note?: string;
  /** What does not fit all the same. */
  readonly warning?: string;
}

/**
 * The rows of a pass: those wanted where they fit into the free memory, or where the user fixed
 * them; else as many as fit. They decide nothing but memory and rounding.
 */
export function chooseRows(config: ModelConfig, question: MemoryQuestion): RowsChoice {
  const { groupRows, wanted, fixed, longest, fused, full = false, free } = question;
  const { lower = "--max-length" } = question;
  const largest = groupRows.reduce((a, b) => Math.max(a, b), 0);
  const total = groupRows.reduce((a, b) => a + b, 0);
  const rows = Math.max(largest, Math.min(wanted, total)); // a larger group stands alone
  const needed = passBytes(config, { rows, longest, fused, full });
  if (needed <= free) return { maxRows: wanted };
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const said = `an update takes about ${gigabytes(needed)} of memory, and ${
    gigabytes(free)
  } are free`;
  const fitting = rowsThatFit(config, { longest, fused, full }, FILLED * free);
  if (fitting < largest) {
    const warning = `${said}: what must be in one pass has ${largest} tokens; lower ${lower}`;
    return { maxRows: fixed ? wanted : Math.min(wanted, largest), warning };
  }
  return fixed
    ? { maxRows: wanted, warning: `${said}: --max-rows ${fitting} fits` }
    : { maxRows: fitting, note: `--max-rows ${fitting} instead of ${wanted}: ${said}` };
}
