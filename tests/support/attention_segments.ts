import type { Segment } from "../../lib/engine/ops/types.ts";

/** Segments of packed groups, each [rows of its shared prefix, ...rows of its completions]. */
export function packedSegments(
  groups: readonly (readonly number[])[],
): { segments: Segment[]; rows: number; positions: Int32Array } {
  let prefix = 0;
  let row = groups.reduce((sum, [prefixLength]) => sum + prefixLength!, 0);
  const segments: Segment[] = [];
  for (const [prefixLength, ...completions] of groups) {
    if (prefixLength! > 0) {
      segments.push({
        start: prefix,
        length: prefixLength!,
        prefixStart: prefix,
        prefixLength: 0,
      });
    }
    for (const length of completions) {
      segments.push({ start: row, length, prefixStart: prefix, prefixLength: prefixLength! });
      row += length;
    }
    prefix += prefixLength!;
  }
  const positions = new Int32Array(row);
  for (const { start, length, prefixLength } of segments) {
    for (let i = 0; i < length; i++) positions[start + i] = prefixLength + i;
  }
  return { segments, rows: row, positions };
}
