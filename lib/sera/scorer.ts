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

/** Groups scored per chunk: what a kill can cost. */
const CHUNK = 256;

/** Log-probabilities under models: kept chunk by chunk, timed, and shown as they come. */
export class Scorer {
  readonly #options: ScorerOptions;

  constructor(options: ScorerOptions) {
    this.#options = options;
  }

  /** Summed log-probabilities of each group's completions, nats; kept under the name. */
  async groups(
    name: string,
    model: LanguageModel,
    groups: readonly PromptGroup[],
    phase: Phase = "scoring",
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
          return logps.map((values) => [...values]);
        }),
      );
      show(out.length);
    }
    progress.done();
    return out;
  }

  /** Log-probabilities of both completions of each pair, nats. */
  async pairs(
    name: string,
    model: LanguageModel,
    pairs: readonly TokenizedPair[],
    phase?: Phase,
  ): Promise<BothSides> {
    return bySide(await this.groups(name, model, pairs.map(groupOf), phase));
  }
}
