import { UserError } from "../errors.ts";
import type { Prng } from "../random/prng.ts";

/** How the next token is chosen. */
export interface SamplingRule {
  /** 0 is greedy: the most likely token, ties to the lowest id. */
  readonly temperature: number;
  /** Only the smallest set of tokens whose probability reaches this; 1 is off. */
  readonly topP: number;
  /** Only the k most likely tokens; 0 is off. */
  readonly topK: number;
}

/** Greedy decoding. */
export const GREEDY: SamplingRule = { temperature: 0, topP: 1, topK: 0 };

/**
 * Draws a token id from one row of logits [V].
 *
 * Top-k first, then top-p on what is left, as Hugging Face's warpers do. Greedy takes no draw.
 * @throws UserError if a logit is NaN or infinity: there is no most likely token then
 */
export function sampleToken(logits: Float32Array, rule: SamplingRule, prng: Prng): number {
  let best = 0, top = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] as number;
    if (logit <= top) continue;
    // Larger, or NaN.
    if (!(logit < Infinity)) {
      throw new UserError(`the logit of token ${i} is ${logit}; check the model's weights`);
    }
    best = i;
    top = logit;
  }
  if (rule.temperature === 0) return best;
  const limited = rule.topK > 0 || rule.topP < 1;
  if (!limited) return drawFrom(logits, undefined, top, rule.temperature, prng);
  return drawFrom(logits, candidates(logits, top, rule), top, rule.temperature, prng);
}

/** Ids that top-k and top-p leave, most likely first. */
function candidates(logits: Float32Array, top: number, rule: SamplingRule): Uint32Array {
  const weight = (id: number) => Math.exp(((logits[id] as number) - top) / rule.temperature);
  const descending = (a: number, b: number) =>
    (logits[b] as number) - (logits[a] as number) || a - b;
  let total = 0;
  if (rule.topK === 0) { for (let id = 0; id < logits.length; id++) total += weight(id); }
  // Sort only what can matter: lower the bar until the set above it is large enough.
  for (let bar = 1;; bar *= 2) {
    const floor = top - bar * rule.temperature;
    const ids: number[] = [];
    let within = 0;
    for (let id = 0; id < logits.length; id++) {
      if ((logits[id] as number) < floor) continue;
      ids.push(id);
      if (rule.topK === 0) within += weight(id);
    }
    const all = ids.length === logits.length;
    const enough = rule.topK > 0 ? ids.length >= rule.topK : within >= rule.topP * total;
    if (!enough && !all) continue;
    ids.sort(descending);
    if (rule.topK > 0) {
      ids.length = Math.min(ids.length, rule.topK);
      total = ids.reduce((sum, id) => sum + weight(id), 0);
    }
    let mass = 0, count = 0;
    while (count < ids.length && mass < rule.topP * total) mass += weight(ids[count++] as number);
    // In this order the sum may round to less.
    if (mass >= rule.topP * total || all || rule.topK > 0) {
      return Uint32Array.from(ids.slice(0, Math.max(1, count)));
    }
  }
}

function drawFrom(
  logits: Float32Array,
  ids: Uint32Array | undefined,
  top: number,
  temperature: number,
  prng: Prng,
): number {
  const count = ids?.length ?? logits.length;
  const idAt = (i: number) => ids === undefined ? i : ids[i] as number;
  const weights = new Float64Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    weights[i] = Math.exp(((logits[idAt(i)] as number) - top) / temperature);
    total += weights[i] as number;
  }
  let left = prng.uniform() * total;
  for (let i = 0; i < count; i++) {
    left -= weights[i] as number;
    if (left < 0) return idAt(i);
  }
  // Rounding at the very end: the last token with any weight.
  for (let i = count - 1; i > 0; i--) if ((weights[i] as number) > 0) return idAt(i);
  return idAt(0);
}
