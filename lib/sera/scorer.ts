import { UserError } from "../errors.ts";
import type { TokenizedPair } from "../data/preference.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import type { PromptGroup } from "../policy/packing.ts";
import { sequenceLogps } from "../policy/sequence_logps.ts";
import type { ProgressSink } from "../progress/progress_sink.ts";
import { groupOf } from "../training/update.ts";
import { type BothSides, bySide } from "./pair_logps.ts";
import type { Phase, PhaseClock } from "./phase_clock.ts";

/** `sequenceLogps` of one model: a caller may remember what it scored before. */
export type GroupScorer = (
  groups: readonly PromptGroup[],
  options: { maxRows?: number; onBatch?: (done: number) => void | Promise<void> },
) => Promise<Float64Array[]>;

/** What a scorer works with. */
export interface ScorerOptions {
  readonly clock: PhaseClock;
  readonly progress: ProgressSink;
  readonly maxRows: number;
  /** Scorers of some models, instead of `sequenceLogps`. */
  readonly known: ReadonlyMap<LanguageModel, GroupScorer>;
}

/** A completion's name in a message, by group and place in it, both from 0. */
type NameOf = (group: number, completion: number) => string;

/** Groups scored per chunk: what a kill can cost. */
const CHUNK = 256;

/** Log-probabilities under models: kept chunk by chunk, timed, and shown as they come. */
export class Scorer {
  readonly #options: ScorerOptions;

  constructor(options: ScorerOptions) {
    this.#options = options;
  }

  /**
   * Summed log-probabilities of each group's completions, nats; kept under the name.
   *
   * @throws {UserError} on one that is not finite, naming the completion: nothing of its chunk is kept
   */
  async groups(
    name: string,
    model: LanguageModel,
    groups: readonly PromptGroup[],
    phase: Phase = "scoring",
    nameOf: NameOf = (group, completion) => `completion ${completion} of prompt ${group}`,
  ): Promise<number[][]> {
    const { clock, progress, maxRows, known } = this.#options;
    const score = known.get(model) ?? ((chunk, options) => sequenceLogps(model, chunk, options));
    progress.phase(`score ${name}`, groups.length, { unit: "prompt" });
    const out: number[][] = [];
    let shown = 0;
    const show = (count: number) => {
      progress.advance(count - shown);
      shown = count;
    };
    for (let first = 0; first < groups.length; first += CHUNK) {
      const chunk = groups.slice(first, first + CHUNK);
      out.push(
        ...await clock.once(phase, `logps/${name}-${first / CHUNK}`, async () => {
          const logps = await score(chunk, { maxRows, onBatch: (count) => show(first + count) });
          checkFinite(name, logps, (group, completion) => nameOf(first + group, completion));
          return logps.map((values) => [...values]);
        }),
      );
      show(out.length);
    }
    progress.done();
    return out;
  }

  /**
   * Log-probabilities of both completions of each pair, nats.
   *
   * @throws {UserError} on one that is not finite, naming pair and side
   */
  async pairs(
    name: string,
    model: LanguageModel,
    pairs: readonly TokenizedPair[],
    phase?: Phase,
  ): Promise<BothSides> {
    const nameOf = (pair: number, side: number) =>
      `the ${side === 0 ? "chosen" : "rejected"} answer of pair ${pairs[pair]?.id}`;
    return bySide(await this.groups(name, model, pairs.map(groupOf), phase, nameOf));
  }
}

function checkFinite(name: string, logps: readonly Float64Array[], nameOf: NameOf): void {
  for (const [group, values] of logps.entries()) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    throw new UserError(
      `scoring ${name}: the log-probability of ${nameOf(group, at)} is ${values[at]}; check the ` +
        "model's weights",
    );
  }
}
