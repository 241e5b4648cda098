import assert from "node:assert/strict";
import { engine } from "../../lib/engine/tensorflow.ts";
import { pack } from "../../lib/policy/packing.ts";
import { logpGradients, sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { assertAllClose, assertClose } from "../parity/assert_close.ts";
import { fullModel, loraModel, nextLogits, randomGroups } from "./random_model.ts";

/** Sum of log softmax over the completion, token by token, in float64 from single logits. */
function plainLogp(
  model: Awaited<ReturnType<typeof fullModel>>,
  prompt: Int32Array,
  completion: Int32Array,
): number {
  let sum = 0;
  completion.forEach((token, i) => {
    const logits = nextLogits(model, [...prompt, ...completion.subarray(0, i)]);
    const top = logits.reduce((a, b) => Math.max(a, b));
    sum += logits[token]! - top -
      Math.log(logits.reduce((total, logit) => total + Math.exp(logit - top), 0));
  });
  return sum;
}

Deno.test("a completion's log-probability is the sum over its own tokens", async () => {
  const model = await fullModel();
  const groups = randomGroups([{ prompt: 4, completions: [3, 1] }, {
    prompt: 1,
    completions: [5],
  }]);
  const own = await sequenceLogps(model, groups);
  for (const [g, { promptIds, completions }] of groups.entries()) {
    for (const [c, completion] of completions.entries()) {
      const expected = plainLogp(model, promptIds, completion);
      assertClose(own[g]![c]!, expected, 1e-5, `group ${g}, completion ${c}`);
    }
  }
  model.dispose();
});

Deno.test("company changes nothing: longer neighbours, shared prompts, order, size of a pass", async () => {
  const model = await fullModel();
  const groups = randomGroups([
    { prompt: 6, completions: [4, 9, 1] },
    { prompt: 1, completions: [2] },
    { prompt: 90, completions: [30, 3] },
    { prompt: 2, completions: [1, 1] },
  ]);
  const together = await sequenceLogps(model, groups);
  for (const [g, { promptIds, completions }] of groups.entries()) {
    for (const [c, completion] of completions.entries()) {
      const [alone] = await sequenceLogps(model, [{ promptIds, completions: [completion] }]);
      assertClose(together[g]![c]!, alone![0]!, 2e-5, `group ${g}, completion ${c}, alone`);
    }
  }
  const reversed = (await sequenceLogps(model, groups.toReversed())).toReversed();
  const split = await sequenceLogps(model, groups, { maxRows: 1 });
  groups.forEach((_, g) => {
    assertAllClose(reversed[g]!, together[g]!, 2e-5, `group ${g}, reversed`);
    assertAllClose(split[g]!, together[g]!, 2e-5, `group ${g}, a pass each`);
  });
  const seen: number[] = [];
  await sequenceLogps(model, groups, { maxRows: 20, onBatch: (done) => void seen.push(done) });
  assert.deepEqual(seen, [2, 3, 4]);
  model.dispose();
});

Deno.test("a vocabulary whose logits need several chunks gives the same values and gradients", async () => {
  const vocabSize = 60_000; // 279 rows of logits at a time
  for (const tieEmbeddings of [true, false]) {
    const config = { vocabSize, tieEmbeddings, layers: 1 };
    const model = tieEmbeddings ? await fullModel(config) : await loraModel({}, config);
    const groups = randomGroups(
      [{ prompt: 3, completions: [100, 60] }, { prompt: 2, completions: [90, 60] }],
      vocabSize,
    );
    const together = await sequenceLogps(model, groups);
    const apart = await sequenceLogps(model, groups, { maxRows: 1 });
    groups.forEach((_, g) => assertAllClose(together[g]!, apart[g]!, 2e-5, `group ${g}`));

    const factors = [0.5, -1, 2, 0.25];
    const weights = model.trainingWeights();
    const whole = logpGradients(weights, pack(groups), () => Float64Array.from(factors));
    const parts = groups.map((group, g) =>
      logpGradients(
        weights,
        pack([group]),
        () => Float64Array.from(factors.slice(2 * g, 2 * g + 2)),
      )
    );
    const { tf } = engine();
    for (const [name, grad] of whole.grads) {
      const sum = tf.tidy(() => tf.add(parts[0]!.grads.get(name)!, parts[1]!.grads.get(name)!));
      const [own, expected] = [grad, sum].map((t) => t.dataSync());
      const size = Math.max(...expected!.map(Math.abs).slice(0, 100_000));
      assertAllClose(own!, expected!, 0, name, 1e-4 * Math.max(1, size));
      sum.dispose();
    }
    tf.dispose([whole, ...parts].flatMap(({ grads }) => [...grads.values()]));
    model.dispose();
  }
});

Deno.test("scoring and gradients leave no tensor behind", async () => {
  const { tf } = engine();
  for (const model of [await fullModel(), await loraModel({ dropout: 0.2 })]) {
    const groups = randomGroups([{ prompt: 5, completions: [4, 2] }, {
      prompt: 1,
      completions: [3],
    }]);
    const work = async () => {
      await sequenceLogps(model, groups, { maxRows: 4 });
      const { grads } = logpGradients(
        model.trainingWeights(7),
        pack(groups),
        (logps) => logps.map(() => 1),
      );
      assert.equal(grads.size, model.trainable().size);
      tf.dispose([...grads.values()]);
    };
    await work(); // rotary tables and merged weights stay with the model
    const before = tf.memory().numTensors;
    await work();
    assert.equal(tf.memory().numTensors, before);
    model.dispose();
  }
});
