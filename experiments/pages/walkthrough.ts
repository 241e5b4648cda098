/** One SeRA iteration, kept in words and numbers that a reader can follow. */
import { goldReward, toText } from "../../lib/data/world/mod.ts";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import { rewardOf } from "../../lib/losses/loss_spec.ts";
import type { ProgressSink } from "../../lib/progress/progress_sink.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { runSera, type SeraIteration } from "../../lib/training/sera.ts";
import { MemoryStore } from "../../lib/training/sera_store.ts";
import { evaluateSamples } from "../studies/evaluate_policy.ts";
import { offlinePreferences, sampleResponses } from "../studies/preferences.ts";
import { type RunSpec, withPatch } from "../studies/run_config.ts";
import { bootstrapPrompts, seraConfigOf, STOP_TOKEN_IDS } from "../studies/sera_input.ts";
import { baseSpec, KEEP, ON_POLICY } from "../studies/settings.ts";
import { sftAssets } from "../studies/sft_assets.ts";
import { SFT_CACHE } from "../studies/sft_cache.ts";

/** A response with its true reward. */
export interface Sentence {
  readonly text: string;
  readonly gold: number;
}

/** An offline pair that the page follows. Log-probabilities in nats, after iteration 1. */
export interface FollowedPair {
  readonly prompt: string;
  readonly chosen: Sentence;
  readonly rejected: Sentence;
  readonly flipped: boolean;
  readonly chosenLogp: number;
  readonly chosenReferenceLogp: number;
  readonly rejectedLogp: number;
  readonly rejectedReferenceLogp: number;
  readonly margin: number;
  /** Among all offline pairs, 1 for the largest margin. */
  readonly rank: number;
  readonly kept: boolean;
}

/** A pair that the policy made, with its own rewards and the true ones. */
export interface GeneratedSentences {
  readonly prompt: string;
  readonly chosen: Sentence;
  readonly rejected: Sentence;
  readonly chosenReward: number;
  readonly rejectedReward: number;
}

/** All that the page shows. */
export interface Walkthrough {
  readonly beta: number;
  readonly pairs: number;
  readonly kept: number;
  /** Of every offline pair, in order. */
  readonly margins: readonly number[];
  readonly flipped: readonly boolean[];
  /** Smallest margin kept. */
  readonly threshold: number;
  readonly followed: readonly FollowedPair[];
  readonly responses: number;
  readonly generatedPairs: number;
  /** Share of generated pairs whose chosen response is truly the worse. */
  readonly generatedWrong: number;
  readonly generated: readonly GeneratedSentences[];
  /** Mean gold reward on held-out prompts: SFT model, after iteration 1, after iteration 2. */
  readonly gold: readonly number[];
}

/** Settings of the studies at a seed that no published table uses: SeRA, stopped after t = 2. */
export function walkthroughSpec(): RunSpec {
  return withPatch(baseSpec("full", 100), {
    method: { iterations: 2, selection: { rule: "top", keep: KEEP }, onPolicy: ON_POLICY },
  });
}

/** Right and flipped labels among the followed pairs; more flips than the data's 20 %, to see some. */
const FOLLOWED = { right: 8, flipped: 4 } as const;
const GENERATED_SHOWN = 6;

/** Runs both iterations. Needs a loaded engine. */
export async function walkThrough(
  spec: RunSpec,
  progress: ProgressSink,
  sftCache = SFT_CACHE,
): Promise<Walkthrough> {
  progress.phase("one iteration", 4, { unit: "part" });
  const { sft, split, heldOutSamples, offlineSamples } = await sftAssets(spec, sftCache);
  progress.advance(1);
  const { clauses } = spec.world;
  const shared = { prompts: split.heldOut, clauses, sft, reward: rewardOf(spec.method.loss) };
  const gold = [(await evaluateSamples(heldOutSamples, { ...shared, policy: sft })).metrics.gold];
  const { pairs } = offlinePreferences(spec, offlineSamples, split);
  const store = new MemoryStore();
  const config = seraConfigOf(spec);
  const policy = sft.clone();
  const iterations = await runSera({
    policy,
    reference: sft,
    pairs,
    heldOut: [],
    prompts: bootstrapPrompts(config, split),
    stopTokenIds: STOP_TOKEN_IDS,
    config,
    seed: spec.seed,
    store,
    evaluate: async ({ iteration }) => {
      const responses = await sampleResponses(
        policy,
        split.heldOut,
        spec.evaluation.samplesPerPrompt,
        spec,
        "evaluation",
        iteration,
      );
      gold.push((await evaluateSamples(responses, { ...shared, policy })).metrics.gold);
      progress.advance(1);
      return null;
    },
  });
  policy.dispose();
  const policyLogps = await storedLogps(store, "policy-1-offline", pairs.length);
  const sftLogps = await storedLogps(store, "sft-offline", pairs.length);
  progress.advance(1);
  progress.done();
  return describe(spec, pairs, iterations[1] as SeraIteration, policyLogps, sftLogps, gold);
}

function describe(
  spec: RunSpec,
  pairs: readonly TokenizedPair[],
  iteration: SeraIteration,
  policyLogps: readonly number[][],
  sftLogps: readonly number[][],
  gold: readonly (number | null | undefined)[],
): Walkthrough {
  const { clauses } = spec.world;
  const sentence = (promptIds: Int32Array, ids: Int32Array): Sentence => ({
    text: words(ids),
    gold: Number(goldReward(promptIds, ids, clauses).reward.toFixed(4)),
  });
  const margins = iteration.margins as readonly number[];
  const order = margins.map((_, i) => i)
    .sort((a, b) => (margins[b] as number) - (margins[a] as number));
  const rank = new Map(order.map((index, place) => [index, place + 1]));
  const kept = new Set(iteration.selected);
  const generated = iteration.generated.map((pair): GeneratedSentences => ({
    prompt: words(pair.promptIds),
    chosen: sentence(pair.promptIds, pair.chosenIds),
    rejected: sentence(pair.promptIds, pair.rejectedIds),
    chosenReward: pair.chosenReward,
    rejectedReward: pair.rejectedReward,
  }));
  const prng = createPrng(spec.seed, "walkthrough");
  const indices = prng.shuffle(pairs.map((_, i) => i));
  const take = (flipped: boolean, count: number) =>
    indices.filter((i) => (pairs[i]?.flipped === true) === flipped).slice(0, count);
  const followed = [...take(false, FOLLOWED.right), ...take(true, FOLLOWED.flipped)]
    .sort((a, b) => (rank.get(a) as number) - (rank.get(b) as number));
  return {
    beta: "beta" in spec.method.loss ? spec.method.loss.beta : NaN,
    pairs: pairs.length,
    kept: kept.size,
    margins,
    flipped: pairs.map((pair) => pair.flipped === true),
    threshold: Math.min(...iteration.selected.map((i) => margins[i] as number)),
    followed: followed.map((i): FollowedPair => {
      const { promptIds, chosenIds, rejectedIds, flipped } = pairs[i] as TokenizedPair;
      const [chosenLogp, rejectedLogp] = policyLogps[i] as [number, number];
      const [chosenReferenceLogp, rejectedReferenceLogp] = sftLogps[i] as [number, number];
      return {
        prompt: words(promptIds),
        chosen: sentence(promptIds, chosenIds),
        rejected: sentence(promptIds, rejectedIds),
        flipped: flipped === true,
        chosenLogp,
        chosenReferenceLogp,
        rejectedLogp,
        rejectedReferenceLogp,
        margin: margins[i] as number,
        rank: rank.get(i) as number,
        kept: kept.has(i),
      };
    }),
    responses: iteration.responses,
    generatedPairs: generated.length,
    generatedWrong: generated.filter((pair) => pair.chosen.gold < pair.rejected.gold).length /
      generated.length,
    generated: prng.shuffle(generated).slice(0, GENERATED_SHOWN),
    gold: gold.map((value) => value ?? NaN),
  };
}

/** Text without the marks of its beginning and end. */
function words(ids: Int32Array): string {
  return toText(ids).replace(/^<bos> /, "").replace(/ <eos>$/, "");
}

/** Log-probabilities that the run kept: `[pair][chosen, rejected]`. */
async function storedLogps(
  store: MemoryStore,
  name: string,
  pairs: number,
): Promise<number[][]> {
  const logps: number[][] = [];
  for (let chunk = 0; logps.length < pairs; chunk++) {
    logps.push(
      ...await store.once<number[][]>(`logps/${name}-${chunk}`, () => {
        throw new RangeError(`the run kept no log-probabilities "${name}-${chunk}"`);
      }),
    );
  }
  return logps;
}
