/** Scores, takes one DPO step, decodes and scores again; prints it all. For other backends. */
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { ops } from "../../lib/engine/ops/ops.ts";
import { generate } from "../../lib/policy/generate.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { AdamW, DEFAULT_ADAMW } from "../../lib/training/adamw.ts";
import { bySide, configuredLoss, pairLogps } from "../../lib/sera/pair_logps.ts";
import { updateStep } from "../../lib/training/update.ts";
import { defaultLossConfig } from "../../lib/losses/loss_config.ts";
import { fullModel, loraModel, randomGroups } from "../policy/random_model.ts";

const { info } = await loadEngine();
const groups = randomGroups([
  { prompt: 7, completions: [5, 9] },
  { prompt: 1, completions: [3, 1] },
  { prompt: 3, completions: [12, 4] },
]);
const pairs = groups.map(({ promptIds, completions }, i) => ({
  id: String(i),
  promptIds,
  chosenIds: completions[0]!,
  rejectedIds: completions[1]!,
}));
const config = { loss: { ...defaultLossConfig("dpo"), beta: 0.2 }, nllAlpha: 0.1 };
const models = {
  full: await fullModel(),
  untied: await fullModel({ tieEmbeddings: false }),
  lora: await loraModel(),
};
const results: Record<string, unknown> = {};
for (const [name, model] of Object.entries(models)) {
  const before = await sequenceLogps(model, groups);
  const reference = bySide(before.map((values) => values.map((value) => 0.9 * value)));
  // A smooth optimiser: rounding in a gradient stays rounding in the step.
  const optimiser = new AdamW(model, { ...DEFAULT_ADAMW, epsilon: 1e-2, maxGradNorm: 0.5 });
  let loss = 0;
  const norm = await updateStep(model, optimiser, groups, 0.5, (logps) => {
    const sides = bySide(groups.map((_, i) => [logps[2 * i]!, logps[2 * i + 1]!]));
    const { losses, chosenGrads, rejectedGrads } = configuredLoss(
      config,
      pairLogps(pairs, sides, reference),
    );
    loss = losses.reduce((a, b) => a + b, 0) / pairs.length;
    return logps.map((_, i) => (i % 2 === 0 ? chosenGrads : rejectedGrads)[i >> 1]! / pairs.length);
  }, { maxRows: 4096 });
  const after = await sequenceLogps(model, groups);
  const responses = await generate(model, groups.map((group) => group.promptIds), {
    temperature: 0,
    topP: 1,
    topK: 0,
    responses: 1,
    maxNewTokens: 8,
    stopTokenIds: [0, 1, 2, 3],
    seed: 0,
    path: [],
    batch: 8,
  });
  results[name] = {
    before: before.flatMap((values) => [...values]),
    loss,
    norm,
    after: after.flatMap((values) => [...values]),
    greedy: responses.map(([response]) => [...response!.ids]),
  };
}
console.log(JSON.stringify({ backend: info.backend, ops: ops().name, results }));
