import type { Segment } from "../engine/ops/types.ts";

/** A prompt and the completions to score under it. Every array holds at least one token. */
export interface PromptGroup {
  /** Tokens of the prompt, at least one. */
  readonly promptIds: Int32Array;
  /** Tokens of each of its completions, at least one each. */
  readonly completions: readonly Int32Array[];
}

/**
 * Sequences packed into one run of rows, without padding.
 *
 * All but the last token of each prompt come first (once, however many completions share it), then
 * one segment a completion: the prompt's last token and the completion without its last token. So
 * every segment row predicts exactly one completion token, and no other row needs logits.
 */
export interface PackedBatch {
  /** [N] */
  readonly tokenIds: Int32Array;
  /** [N], position of the token in its own sequence. */
  readonly positions: Int32Array;
  /** Rows of shared prompts, before the rows that predict. */
  readonly prefixRows: number;
  readonly segments: readonly Segment[];
  /** [M = N - prefixRows] the token that row prefixRows + m predicts. */
  readonly targets: Int32Array;
  /** [S] completion tokens of each sequence, in the order of groups and completions. */
  readonly lengths: Int32Array;
}

/** Rows that a group takes in a packed batch. */
export function packedRows(group: PromptGroup): number {
  return group.completions.reduce((sum, c) => sum + c.length, group.promptIds.length - 1);
}

/** Packs groups into one batch. Throws RangeError naming the group if a sequence is empty. */
export function pack(groups: readonly PromptGroup[]): PackedBatch {
  const rows = groups.reduce((sum, group) => sum + packedRows(group), 0);
  const prefixRows = groups.reduce((sum, group) => sum + group.promptIds.length - 1, 0);
  const tokenIds = new Int32Array(rows), positions = new Int32Array(rows);
  const targets = new Int32Array(rows - prefixRows);
  const segments: Segment[] = [], lengths: number[] = [];
  let prefix = 0, row = prefixRows;
  groups.forEach(({ promptIds, completions }, index) => {
    if (promptIds.length === 0) throw new RangeError(`group ${index} has an empty prompt`);
    const prefixLength = promptIds.length - 1;
    tokenIds.set(promptIds.subarray(0, prefixLength), prefix);
    for (let i = 0; i < prefixLength; i++) positions[prefix + i] = i;
    if (prefixLength > 0) {
      segments.push({ start: prefix, length: prefixLength, prefixStart: prefix, prefixLength: 0 });
    }
    for (const completion of completions) {
      const { length } = completion;
      if (length === 0) throw new RangeError(`group ${index} has an empty completion`);
      tokenIds[row] = promptIds[prefixLength] as number;
      tokenIds.set(completion.subarray(0, length - 1), row + 1);
      targets.set(completion, row - prefixRows);
      for (let i = 0; i < length; i++) positions[row + i] = prefixLength + i;
      segments.push({ start: row, length, prefixStart: prefix, prefixLength });
      lengths.push(length);
      row += length;
    }
    prefix += prefixLength;
  });
  return { tokenIds, positions, prefixRows, segments, targets, lengths: Int32Array.from(lengths) };
}

/**
 * Splits groups into batches of at most `maxRows` packed rows (a larger group stands alone),
 * similar lengths together. Returns indices into `groups`.
 */
export function batchGroups(groups: readonly PromptGroup[], maxRows: number): number[][] {
  const order = groups.map((group, index) => ({ index, rows: packedRows(group) }))
    .sort((a, b) => a.rows - b.rows || a.index - b.index);
  const batches: number[][] = [];
  let room = 0;
  for (const { index, rows } of order) {
    if (rows > room || batches.length === 0) {
      batches.push([]);
      room = maxRows;
    }
    batches.at(-1)?.push(index);
    room -= rows;
  }
  return batches;
}
