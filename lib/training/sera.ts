/**
 * The SeRA iteration (arXiv 2410.09362), top to bottom.
 *
 * [P] stated publicly for the paper; [I] our reading, and an option of `SeraConfig`.
 */
import type { TokenizedPair } from "../data/preference.ts";
import { UserError } from "../errors.ts";
import { usesReference } from "../losses/loss_spec.ts";
import { ensembleRewards, ensembleWeights } from "../margins/ensemble.ts";
import { implicitRewards } from "../margins/implicit_reward.ts";
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import { generate, type Response } from "../policy/generate.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import type { PromptGroup } from "../policy/packing.ts";
import { sequenceLogps } from "../policy/sequence_logps.ts";
import { monotonicClock, type ProgressSink, silentProgress } from "../progress/progress_sink.ts";
import { createPrng } from "../random/prng.ts";
import { auditSelection, type SelectionAudit } from "../selection/audit.ts";
import { bootstrapPairs, type BootstrapResult } from "../selection/bootstrap_pairs.ts";
import { relabelPairs } from "../selection/relabel.ts";
import { selectPairs } from "../selection/select.ts";
import { crossFitter, type GroupScorer, type TrainedOn } from "./cross_fit.ts";
import {
  accuracyOf,
  type BothLogps,
  bySide,
  configuredLoss,
  mean,
  pairLogps,
} from "./pair_logps.ts";
import type { SeraConfig } from "./sera_config.ts";
import { MemoryStore, type SeraStore } from "./sera_store.ts";
import { trainIteration } from "./train_iteration.ts";
import { groupOf, type TrainingPair } from "./update.ts";

/** What a run starts from. */
export interface SeraInput {
  /** The SFT model with the part that trains; ends as pi_T. */
  readonly policy: LanguageModel;
  /** The SFT model, frozen: scored once for all pairs, and by `evaluate`. */
  readonly reference: LanguageModel;
  /** Offline pairs. */
  readonly pairs: readonly TokenizedPair[];
  /** Pairs of other prompts, never trained on; may be empty. */
  readonly heldOut: readonly TokenizedPair[];
  /** Prompts to respond to; may be empty without bootstrapping. */
  readonly prompts: readonly Int32Array[];
  readonly stopTokenIds: readonly number[];
  readonly config: SeraConfig;
  readonly seed: number;
  readonly store?: SeraStore;
  /** Scores the reference, where the caller remembers what it scored before. Default: computed. */
  readonly scoreReference?: ReferenceScorer;
  readonly progress?: ProgressSink;
  /** Measures a policy at the end of an iteration; its (JSON) answer goes into the result. */
  readonly evaluate?: (state: EvaluationState) => Promise<unknown>;
}

/** `sequenceLogps` of the reference model. */
export type ReferenceScorer = (
  groups: readonly PromptGroup[],
  options: { maxRows?: number; onBatch?: (done: number) => void | Promise<void> },
) => Promise<Float64Array[]>;

/** What an evaluation is given. */
export interface EvaluationState {
  readonly iteration: number;
  readonly policy: LanguageModel;
  readonly reference: LanguageModel;
  /** Of the held-out pairs, under the new policy and under the SFT model. */
  readonly heldOutLogps: BothLogps;
  readonly heldOutReferenceLogps: BothLogps;
}

/** A pair that the policy made, and its ensemble rewards. */
export interface GeneratedPair extends TokenizedPair {
  /** Index into `prompts`. */
  readonly promptIndex: number;
  readonly chosenReward: number;
  readonly rejectedReward: number;
}

/** Means over the held-out pairs after an update. */
export interface HeldOutSummary {
  readonly loss: number;
  readonly margin: number;
  readonly accuracy: number;
  readonly chosenLogp: number;
  readonly rejectedLogp: number;
}

/** One iteration. Everything but `seconds` repeats exactly for the same input. */
export interface SeraIteration {
  readonly iteration: number;
  /** Ensemble margins of all offline pairs; null in iteration 1, where none exist. */
  readonly margins: readonly number[] | null;
  /** Offline pairs trained on, indices ascending. */
  readonly selected: readonly number[];
  readonly audit: SelectionAudit | null;
  /** Offline pairs whose label was swapped. */
  readonly relabelled: readonly number[];
  readonly generated: readonly GeneratedPair[];
  readonly responses: number;
  readonly dropped: BootstrapResult["dropped"] | null;
  readonly trainLoss: number;
  readonly heldOut: HeldOutSummary | null;
  readonly evaluation: unknown;
  readonly seconds: {
    /** The updates of cross-fitting's shadows, too: they serve scoring alone. */
    readonly scoring: number;
    readonly generation: number;
    readonly update: number;
    readonly evaluation: number;
  };
}

/** Pairs scored, responses generated and scored a chunk: what a kill can cost. */
const CHUNK = 256;

/** Runs T iterations; `input.policy` ends as pi_T. */
export async function runSera(input: SeraInput): Promise<SeraIteration[]> {
  const { policy, reference, pairs, heldOut, config, seed } = input;
  const store = input.store ?? new MemoryStore();
  const progress = input.progress ?? silentProgress;
  const { loss } = config;
  const clock = { scoring: 0, generation: 0, update: 0, evaluation: 0 };
  const timed = async <T>(part: keyof typeof clock, work: () => Promise<T>): Promise<T> => {
    const start = monotonicClock();
    try {
      return await work();
    } finally {
      clock[part] += monotonicClock() - start;
    }
  };
  const scorerOf = (model: LanguageModel): ReferenceScorer =>
    (model === reference ? input.scoreReference : undefined) ??
      ((chunk, options) => sequenceLogps(model, chunk, options));
  /** Log-probabilities of groups under a model, kept chunk by chunk. */
  const score: GroupScorer = (name, model, groups) =>
    timed("scoring", async () => {
      progress.phase(`score ${name}`, groups.length, { unit: "prompt" });
      const out: number[][] = [];
      let shown = 0;
      for (let first = 0; first < groups.length; first += CHUNK) {
        const chunk = groups.slice(first, first + CHUNK);
        out.push(
          ...await store.once(`logps/${name}-${first / CHUNK}`, async () => {
            let done = 0;
            const logps = await scorerOf(model)(chunk, {
              maxRows: config.maxRows,
              onBatch: (count) => {
                progress.advance(count - done);
                done = count;
              },
            });
            shown += done;
            return logps.map((values) => [...values]);
          }),
        );
        progress.advance(out.length - shown);
        shown = out.length;
      }
      progress.done();
      return out;
    });
  const rewardsOf = (
    logps: readonly number[][],
    ref: readonly number[][],
    groups: readonly PromptGroup[],
  ) =>
    implicitRewards(
      loss,
      Float64Array.from(logps.flat()),
      Float64Array.from(ref.flat()),
      Float64Array.from(groups.flatMap((g) => g.completions.map((c) => c.length))),
    );

  const groups = pairs.map(groupOf), heldOutGroups = heldOut.map(groupOf);
  const sft = await policy.snapshot();
  const sftLogps = await score("sft-offline", reference, groups);
  const sftHeldOut = bySide(await score("sft-held-out", reference, heldOutGroups));
  const crossFit = config.crossFit === undefined ? undefined : crossFitter(config.crossFit, {
    ...{ policy, sft, pairs, config, seed, store, progress, score },
    timed: (work) => timed("scoring", work),
  });

  /** Implicit rewards of [chosen, rejected, ...] of all offline pairs by past policy, newest first. */
  const history: Float64Array[] = [];
  const results: SeraIteration[] = [];
  let previousSelection: readonly number[] | undefined;
  let trained: TrainedOn | undefined;

  progress.phase("iteration", config.iterations);
  for (let t = 1; t <= config.iterations; t++) {
    for (const part of Object.keys(clock) as (keyof typeof clock)[]) clock[part] = 0;
    const flipped = pairs.every((pair) => pair.flipped !== undefined)
      ? pairs.map((pair) => pair.flipped === true)
      : undefined;

    // 1. Self-review: the margins of all offline pairs under the ensemble of past policies [P].
    //    At t = 1 the policy is the reference and every margin is 0: all pairs are used [P].
    //    Cross-fitted, a pair is scored by a shadow of the policy that never saw it.
    let margins: Float64Array | undefined;
    let currentLogps: number[][] | undefined;
    const weights = t === 1 ? [] : ensembleWeights(t - 1, config.ensemble);
    if (trained !== undefined) {
      currentLogps = crossFit === undefined
        ? await score(`policy-${t - 1}-offline`, policy, groups)
        : await crossFit(t - 1, trained);
      history.unshift(rewardsOf(currentLogps, sftLogps, groups));
      const rewards = ensembleRewards(history, weights);
      margins = implicitRewardMargins(
        rewards.filter((_, i) => i % 2 === 0),
        rewards.filter((_, i) => i % 2 === 1),
      );
    }

    // 2. Selection: the top k offline pairs by margin [P], or a control's rule.
    const selected = margins === undefined
      ? pairs.map((_, i) => i)
      : selectPairs(config.selection, margins, {
        prng: createPrng(seed, "select", t),
        ...(flipped === undefined ? {} : { flipped }),
      }).indices;
    const audit = margins === undefined ? null : auditSelection({
      margins,
      selected,
      ...(flipped === undefined ? {} : { flipped }),
      chosenLengths: pairs.map((pair) => pair.chosenIds.length),
      rejectedLengths: pairs.map((pair) => pair.rejectedIds.length),
      ...(previousSelection === undefined ? {} : { previous: previousSelection }),
    });
    // Overlap is between rankings: iteration 1 ranked nothing.
    if (margins !== undefined) previousSelection = selected;

    // The loss's reference: the SFT model, or the previous policy [I].
    const referenceLogps = config.reference === "previous" && currentLogps !== undefined
      ? currentLogps
      : sftLogps;
    const withReference = (pair: TokenizedPair, [chosen, rejected]: number[]): TrainingPair => ({
      ...pair,
      referenceChosenLogp: chosen as number,
      referenceRejectedLogp: rejected as number,
    });
    let offline = selected.map((i) =>
      withReference(pairs[i] as TokenizedPair, referenceLogps[i] as number[])
    );
    let relabelled: readonly number[] = [];
    if (config.relabel && margins !== undefined) {
      const own = Float64Array.from(selected, (i) => (margins as Float64Array)[i] as number);
      const { swapped } = relabelPairs(offline, own);
      relabelled = swapped.map((i) => selected[i] as number);
      const swap = new Set(swapped);
      offline = offline.map((pair, i) => swap.has(i) ? swapLabels(pair) : pair);
    }

    // 3. Preference bootstrapping: the policy responds, the ensemble ranks, best against worst [P/I].
    const onPolicy = config.onPolicy !== null && t > 1
      ? await bootstrap(input, config.onPolicy, t, weights, {
        store,
        progress,
        score,
        timed,
        rewardsOf,
      })
      : undefined;
    const generated = onPolicy?.pairs ?? [];
    trained = {
      selected,
      offline,
      generated: generated.map((pair, i) =>
        withReference(pair, onPolicy?.referenceLogps[i] as number[])
      ),
    };
    const training = [...trained.offline, ...trained.generated];

    if (training.length === 0) {
      throw new UserError(
        `iteration ${t}: no pair is left to train on; ` +
          (t === 1 ? "give some pairs" : "let the selection keep more, or bootstrap"),
      );
    }

    // 4. The direct alignment update [P], from the previous policy or from the SFT model [I].
    await timed("update", async () => {
      const ended = await store.policy(t);
      if (ended !== undefined) return policy.restore(ended);
      if (config.initial === "sft") policy.restore(sft);
      await trainIteration(policy, training, config, { iteration: t, seed, store, progress });
      await store.savePolicy(t, await policy.snapshot());
    });

    // 5. Measurement on pairs and prompts that were never trained on.
    const heldOutLogps = bySide(await score(`policy-${t}-held-out`, policy, heldOutGroups));
    const evaluation = await timed(
      "evaluation",
      () =>
        store.once(`evaluation/iteration-${t}`, async () =>
          await input.evaluate?.({
            iteration: t,
            policy,
            reference,
            heldOutLogps,
            heldOutReferenceLogps: sftHeldOut,
          }) ?? null),
    );
    results.push({
      iteration: t,
      margins: margins === undefined ? null : [...margins],
      selected,
      audit,
      relabelled,
      generated,
      responses: onPolicy?.responses ?? 0,
      dropped: onPolicy?.dropped ?? null,
      trainLoss: mean((await store.rows(t)).map((row) => row.loss)),
      heldOut: heldOut.length === 0 ? null : summarise(heldOut, heldOutLogps, sftHeldOut, config),
      evaluation,
      // Kept with the iteration: a continued run still knows what earlier processes spent.
      seconds: await store.once(`seconds/iteration-${t}`, () => Promise.resolve({ ...clock })),
    });
    progress.advance(1);
  }
  progress.done();
  return results;
}

/** The tools of `runSera` that bootstrapping shares. */
interface Tools {
  readonly store: SeraStore;
  readonly progress: ProgressSink;
  readonly score: GroupScorer;
  readonly timed: <T>(
    part: "scoring" | "generation",
    work: () => Promise<T>,
  ) => Promise<T>;
  readonly rewardsOf: (
    logps: readonly number[][],
    reference: readonly number[][],
    groups: readonly PromptGroup[],
  ) => Float64Array;
}

/** On-policy pairs of iteration t from pi_{t-1}, with the loss's reference log-probabilities. */
async function bootstrap(
  input: SeraInput,
  onPolicy: NonNullable<SeraConfig["onPolicy"]>,
  t: number,
  weights: readonly number[],
  { store, progress, score, timed, rewardsOf }: Tools,
) {
  const { policy, reference, config, seed } = input;
  const order = createPrng(seed, "prompts", t).shuffle(input.prompts.map((_, i) => i))
    .slice(0, onPolicy.prompts).sort((a, b) => a - b);
  const prompts = order.map((i) => input.prompts[i] as Int32Array);

  // a. N responses a prompt, kept chunk by chunk.
  const perChunk = Math.max(1, Math.floor(onPolicy.batch / onPolicy.responses));
  const responses: Response[][] = [];
  await timed("generation", async () => {
    progress.phase("generate", prompts.length * onPolicy.responses, { unit: "response" });
    let told = 0;
    for (let first = 0; first < prompts.length; first += perChunk) {
      const chunk = prompts.slice(first, first + perChunk);
      const kept = await store.once(`responses/iteration-${t}-${first / perChunk}`, async () => {
        const made = await generate(policy, chunk, {
          ...onPolicy,
          batch: perChunk * onPolicy.responses,
          stopTokenIds: input.stopTokenIds,
          seed,
          path: ["respond", t, first],
          onToken: (tokens) => progress.advance(0, { tokens: told + tokens }),
        });
        return made.map((list) => list.map((r) => ({ ids: [...r.ids], finished: r.finished })));
      });
      responses.push(
        ...kept.map((list) =>
          list.map((r) => ({ ids: Int32Array.from(r.ids), finished: r.finished }))
        ),
      );
      told += kept.flat().reduce((sum, r) => sum + r.ids.length, 0);
      progress.advance(chunk.length * onPolicy.responses, { tokens: told });
    }
    progress.done();
  });

  // b. Ensemble rewards. Past policies are run on these new responses once each.
  const groups = prompts.map((promptIds, i) => ({
    promptIds,
    completions: (responses[i] as Response[]).map((r) => r.ids),
  }));
  const sftLogps = usesReference(config.loss) || config.reference === "sft"
    ? await score(`sft-responses-${t}`, reference, groups)
    : [];
  const currentLogps = await score(`policy-${t - 1}-responses-${t}`, policy, groups);
  const history = [rewardsOf(currentLogps, sftLogps, groups)];
  const current = weights.length > 1 ? await policy.snapshot() : undefined;
  for (let age = 1; age < weights.length; age++) {
    const past = await store.policy(t - 1 - age);
    if (past === undefined) {
      throw new UserError(`the policy of iteration ${t - 1 - age} is gone: run it again`);
    }
    policy.restore(past);
    const logps = await score(`policy-${t - 1 - age}-responses-${t}`, policy, groups);
    history.push(rewardsOf(logps, sftLogps, groups));
  }
  if (current !== undefined) policy.restore(current);
  const rewards = ensembleRewards(history, weights);

  // c. Best against worst of each prompt, then the pairs with the largest margins.
  let at = 0;
  const candidates = responses.map((list) =>
    list.map((r) => ({ tokenIds: r.ids, truncated: !r.finished, reward: rewards[at++] as number }))
  );
  const made = bootstrapPairs(candidates, { by: "margin", keep: { count: onPolicy.pairs } });
  const lossReference = config.reference === "previous" ? currentLogps : sftLogps;
  return {
    responses: prompts.length * onPolicy.responses,
    dropped: made.dropped,
    pairs: made.pairs.map((pair): GeneratedPair => ({
      id: `generated-${t}-${order[pair.promptIndex]}`,
      promptIds: prompts[pair.promptIndex] as Int32Array,
      promptIndex: order[pair.promptIndex] as number,
      chosenIds: pair.chosenIds,
      rejectedIds: pair.rejectedIds,
      chosenReward: pair.chosenReward,
      rejectedReward: pair.rejectedReward,
    })),
    referenceLogps: made.pairs.map((pair) => {
      const logps = lossReference[pair.promptIndex] as number[];
      return [logps[pair.chosenIndex] as number, logps[pair.rejectedIndex] as number];
    }),
  };
}

/** A pair with chosen and rejected swapped, reference log-probabilities too. */
function swapLabels(pair: TrainingPair): TrainingPair {
  return {
    ...pair,
    chosenIds: pair.rejectedIds,
    rejectedIds: pair.chosenIds,
    referenceChosenLogp: pair.referenceRejectedLogp,
    referenceRejectedLogp: pair.referenceChosenLogp,
    ...(pair.flipped === undefined ? {} : { flipped: !pair.flipped }),
  };
}

function summarise(
  heldOut: readonly TokenizedPair[],
  policy: BothLogps,
  reference: BothLogps,
  config: SeraConfig,
): HeldOutSummary {
  const result = configuredLoss(config, pairLogps(heldOut, policy, reference));
  return {
    loss: mean(result.losses),
    margin: mean(result.margins),
    accuracy: accuracyOf(result.margins),
    chosenLogp: mean(policy.chosen),
    rejectedLogp: mean(policy.rejected),
  };
}
