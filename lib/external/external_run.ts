import type { TokenizedPair } from "../data/preference.ts";
import type { Response } from "../policy/generate.ts";
import { keptResponses, responsesOf } from "../policy/kept_responses.ts";
import type { PromptGroup } from "../policy/packing.ts";
import type { ProgressSink } from "../progress/progress_sink.ts";
import type { SeraConfig } from "../sera/config.ts";
import { type Phase, PhaseClock } from "../sera/phase_clock.ts";
import type { SeraStore, StepRow } from "../sera/store.ts";
import type { TrainingPair } from "../training/update.ts";
import type { ExternalModels } from "./external_models.ts";

/** What a run with models elsewhere starts from. */
export interface ExternalInput {
  /** Offline pairs. */
  readonly pairs: readonly TokenizedPair[];
  /** Pairs of other prompts, never trained on. */
  readonly heldOut: readonly TokenizedPair[];
  readonly config: SeraConfig;
  readonly seed: number;
  readonly models: ExternalModels;
  /** Where results are kept, so that a killed run goes on. */
  readonly store: SeraStore;
  readonly progress: ProgressSink;
  /** Prompts whose results are one kept value. Default 256: those of all may exceed a string. */
  readonly keptPrompts?: number;
}

/** See `ExternalInput`. */
const KEPT_PROMPTS = 256;

/** Models elsewhere, whose results are kept and timed. */
export class ExternalRun {
  /** What the run started from. */
  readonly input: ExternalInput;
  /** What its phases took. */
  readonly clock: PhaseClock;

  constructor(input: ExternalInput) {
    this.input = input;
    this.clock = new PhaseClock(input.store);
  }

  /** Summed log-probabilities of each group's completions under a checkpoint, nats. */
  async score(
    checkpoint: number,
    name: string,
    groups: readonly PromptGroup[],
    phase: Phase = "scoring",
  ): Promise<number[][]> {
    return await this.#keptByChunk(
      phase,
      `logps/${name}-by-${checkpoint}`,
      groups.length,
      () => this.input.models.score(checkpoint, name, groups),
      (logps) => logps.map((list) => [...list]),
    );
  }

  /** Responses of pi_{t-1} for iteration t: out[prompt][response]. */
  async respond(t: number, prompts: readonly Int32Array[]): Promise<Response[][]> {
    const { models, config: { bootstrap } } = this.input;
    if (bootstrap === null) throw new RangeError("there is no bootstrapping");
    const name = `responses-${t}`;
    const kept = await this.#keptByChunk(
      "generation",
      `responses/iteration-${t}`,
      prompts.length,
      () => models.respond(t - 1, name, prompts, bootstrap),
      keptResponses,
    );
    return responsesOf(kept);
  }

  /**
   * Results of all prompts, made at once, as a server keeps busy and draws are named by the prompt's
   * place, and kept chunk by chunk.
   */
  async #keptByChunk<Made, Kept>(
    phase: Phase,
    name: string,
    count: number,
    make: () => Promise<readonly Made[]>,
    keep: (made: readonly Made[]) => readonly Kept[],
  ): Promise<Kept[]> {
    const { keptPrompts = KEPT_PROMPTS } = this.input;
    let all: Promise<readonly Made[]> | undefined;
    const out: Kept[] = [];
    for (let first = 0; first < count; first += keptPrompts) {
      const kept = await this.clock.once(phase, `${name}-${first / keptPrompts}`, async () => {
        all ??= make();
        return keep((await all).slice(first, first + keptPrompts));
      });
      out.push(...kept);
    }
    return out;
  }

  /** Makes checkpoint t; the steps that the trainer told of. */
  async train(t: number, pairs: readonly TrainingPair[]): Promise<readonly StepRow[]> {
    const { models, config } = this.input;
    const start = config.initial === "sft" ? 0 : t - 1;
    return await this.clock.once(
      "update",
      `updates/iteration-${t}`,
      () => models.train(t, start, pairs),
    );
  }
}
