/** One iteration of SeRA with the suite's own parts, on fixed sizes. */
import { implicitRewards } from "../../../lib/margins/implicit_reward.ts";
import { generate } from "../../../lib/policy/generate.ts";
import { sequenceLogps } from "../../../lib/policy/sequence_logps.ts";
import { bootstrapPairs } from "../../../lib/selection/bootstrap_pairs.ts";
import { selectPairs } from "../../../lib/selection/select.ts";
import { AdamW, DEFAULT_ADAMW } from "../../../lib/training/adamw.ts";
import { groupOf, type TrainingPair } from "../../../lib/training/update.ts";
import type { OnPolicyShape } from "../cases.ts";
import type { Inputs } from "../protocol.ts";
import { dpoStep } from "./step.ts";
import { loadModels, MAX_ROWS, type Task, timed, withReference } from "./task.ts";

/**
 * Score and select the offline pairs, respond, score the responses, train on both.
 *
 * Every run starts from the same adapters. Responses have a fixed length and count as finished. The
 * values are the margins and the losses of the steps that hold offline pairs only.
 */
export async function createIteration(inputs: Inputs): Promise<Task> {
  const { policy, base } = await loadModels(inputs);
  const start = await policy.snapshot();
  const pairs = await withReference(inputs, base);
  const prompts = inputs.prompts.map((ids) => Int32Array.from(ids));
  const { beta, stepPairs } = inputs;
  const { responses, newTokens, kept } = inputs.work.onPolicy as OnPolicyShape;
  const rewards = (logps: Float64Array, reference: Float64Array, lengths: Float64Array) =>
    implicitRewards({ name: "dpo", beta }, logps, reference, lengths);

  async function iterate(): Promise<number[]> {
    const logps = await sequenceLogps(policy, pairs.map(groupOf), { maxRows: MAX_ROWS });
    const margins = Float64Array.from(pairs, (pair, i) => {
      const [chosen, rejected] = rewards(
        logps[i] as Float64Array,
        Float64Array.of(pair.referenceChosenLogp, pair.referenceRejectedLogp),
        Float64Array.of(pair.chosenIds.length, pair.rejectedIds.length),
      );
      return (chosen as number) - (rejected as number);
    });
    const { indices } = selectPairs({ rule: "top", keep: { count: kept } }, margins, {});
    const answers = await generate(policy, prompts, {
      temperature: 1,
      topP: 1,
      topK: 0,
      responses,
      maxNewTokens: newTokens,
      stopTokenIds: [],
      seed: 0,
      path: ["bench"],
      batch: prompts.length * responses,
    });
    const groups = prompts.map((promptIds, i) => ({
      promptIds,
      completions: (answers[i] ?? []).map(({ ids }) => ids),
    }));
    const own = await sequenceLogps(policy, groups, { maxRows: MAX_ROWS });
    const reference = await sequenceLogps(base, groups, { maxRows: MAX_ROWS });
    const candidates = groups.map(({ completions }, i) => {
      const scores = rewards(
        own[i] as Float64Array,
        reference[i] as Float64Array,
        Float64Array.from(completions, (ids) => ids.length),
      );
      return completions.map((tokenIds, r) => ({
        tokenIds,
        truncated: false,
        reward: scores[r] as number,
      }));
    });
    const made = bootstrapPairs(candidates, 1);
    const training: TrainingPair[] = [
      ...indices.map((i) => pairs[i] as TrainingPair),
      ...made.pairs.map((pair) => ({
        id: `generated-${pair.promptIndex}`,
        promptIds: prompts[pair.promptIndex] as Int32Array,
        chosenIds: pair.chosenIds,
        rejectedIds: pair.rejectedIds,
        referenceChosenLogp: reference[pair.promptIndex]?.[pair.chosenIndex] as number,
        referenceRejectedLogp: reference[pair.promptIndex]?.[pair.rejectedIndex] as number,
      })),
    ];
    const optimiser = new AdamW(policy, DEFAULT_ADAMW);
    const losses: number[] = [];
    for (let at = 0; at < training.length; at += stepPairs) {
      losses.push(await dpoStep(policy, optimiser, training.slice(at, at + stepPairs), inputs));
    }
    optimiser.dispose();
    return [...margins, ...losses.slice(0, Math.floor(kept / stepPairs))];
  }

  return {
    check: () => Promise.resolve([]),
    async run() {
      policy.restore(start);
      let values: number[] = [];
      const seconds = await timed(async () => {
        values = await iterate();
      });
      return { seconds, values };
    },
  };
}
