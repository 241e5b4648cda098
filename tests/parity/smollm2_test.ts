/** SmolLM2-135M-Instruct from its GGUF file; skipped where `deno task setup --model` has not run. */
import assert from "node:assert/strict";
import { tokenizePair, tokenizePrompt } from "../../lib/data/tokenize_pairs.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { Decoder } from "../../lib/policy/decode.ts";
import { generate } from "../../lib/policy/generate.ts";
import { openModel } from "../../lib/policy/io/load.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { pack } from "../../lib/policy/packing.ts";
import { loadParameters } from "../../lib/policy/parameters.ts";
import { GREEDY } from "../../lib/policy/sampling.ts";
import { sequenceLogps, tokenLogps } from "../../lib/policy/sequence_logps.ts";
import { groupOf } from "../../lib/training/update.ts";
import { isFile } from "../../tools/setup/process.ts";
import { testModelPath } from "../../tools/setup/test_model.ts";
import { assertAllClose } from "./assert_close.ts";
import {
  readReference,
  type ReferenceLora,
  type ReferenceTrajectory,
  withHashedLora,
} from "./references.ts";
import {
  assertFinal,
  assertSteps,
  takeSteps,
  trajectoryConfig,
  withReference,
} from "./trajectory.ts";

interface SmolReference {
  readonly greedy: {
    question: string;
    promptText: string;
    promptIds: number[];
    newIds: number[];
    newText: string;
    topIds: number[];
    topLogits: number[];
  }[];
  readonly pairs: {
    prompt: string;
    chosen: string;
    rejected: string;
    promptIds: number[];
    chosenIds: number[];
    rejectedIds: number[];
    chosenTokenLogps: number[];
    rejectedTokenLogps: number[];
    chosenLogp: number;
    rejectedLogp: number;
  }[];
  readonly lora: ReferenceTrajectory & ReferenceLora;
}

const path = Deno.env.get("SERA_SMOLLM2") || testModelPath;
const ignore = !isFile(path);

let opening: ReturnType<typeof open> | undefined;

async function open() {
  await loadEngine();
  const files = await openModel(path);
  const model = new LanguageModel(files.config, await loadParameters(files.config, files.weights));
  const reference = await readReference<SmolReference>("smollm2");
  const pairs = reference.pairs.map((pair, i) =>
    tokenizePair({ ...pair, id: String(i) }, files.tokenizer)
  );
  return { model, tokenizer: files.tokenizer, reference, pairs };
}

/** The model of all tests below, read once. */
const smollm2 = () => opening ??= open();

Deno.test({ name: "SmolLM2: token ids and chat prompts are transformers'", ignore }, async () => {
  const { tokenizer, reference, pairs } = await smollm2();
  for (const { question, promptText, promptIds, newIds, newText } of reference.greedy) {
    const messages = [{ role: "user", content: question }];
    assert.equal(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true }), promptText);
    assert.deepEqual([...tokenizePrompt(question, tokenizer)], promptIds);
    assert.equal(tokenizer.decode(newIds, { skipSpecialTokens: true }), newText);
  }
  for (const [i, { promptIds, chosenIds, rejectedIds }] of reference.pairs.entries()) {
    assert.deepEqual([...pairs[i]!.promptIds], promptIds);
    assert.deepEqual([...pairs[i]!.chosenIds], chosenIds);
    assert.deepEqual([...pairs[i]!.rejectedIds], rejectedIds);
  }
});

Deno.test({ name: "SmolLM2: five greedy answers are PyTorch's", ignore }, async () => {
  const { model, tokenizer, reference: { greedy } } = await smollm2();
  const made = await generate(model, greedy.map((g) => Int32Array.from(g.promptIds)), {
    ...GREEDY,
    responses: 1,
    maxNewTokens: 32,
    stopTokenIds: [tokenizer.eosTokenId],
    seed: 0,
    path: [],
    batch: 8,
  });
  assert.deepEqual(made.map(([response]) => [...response!.ids]), greedy.map((g) => g.newIds));
});

Deno.test(
  { name: "SmolLM2: the largest logits after a prompt are PyTorch's", ignore },
  async () => {
    const { model, reference: { greedy } } = await smollm2();
    for (const { question, promptIds, topIds, topLogits } of greedy) {
      const prompt = Int32Array.from(promptIds);
      const decoder = new Decoder(model.inferenceWeights(), [prompt], Int32Array.of(0), 1);
      const logits = decoder.step(prompt.subarray(-1));
      const values = logits.dataSync() as Float32Array;
      const order = [...values.keys()].sort((a, b) => values[b]! - values[a]!).slice(0, 5);
      assert.deepEqual(order, topIds, question);
      assertAllClose(order.map((id) => values[id]!), topLogits, 1e-4, question);
      logits.dispose();
      decoder.dispose();
    }
  },
);

Deno.test({ name: "SmolLM2: log-probabilities are PyTorch's", ignore }, async () => {
  const { model, reference, pairs } = await smollm2();
  const own = await sequenceLogps(model, pairs.map(groupOf));
  for (const [i, expected] of reference.pairs.entries()) {
    const sums = [expected.chosenLogp, expected.rejectedLogp];
    assertAllClose(own[i]!, sums, 1e-4, `pair ${i}`, 0.02);
    const tokens = tokenLogps(model.inferenceWeights(), pack([groupOf(pairs[i]!)]));
    const all = [...expected.chosenTokenLogps, ...expected.rejectedTokenLogps];
    assertAllClose(tokens, all, 1e-3, `tokens of pair ${i}`);
  }
});

Deno.test({ name: "SmolLM2: three steps of LoRA DPO are PyTorch's", ignore }, async () => {
  const { model: base, reference: { lora }, pairs } = await smollm2();
  const { rank, alpha, targets, initScale, steps: expected, final } = lora;
  const adapter = { rank, alpha, dropout: 0, targetModules: targets };
  const model = withHashedLora(base, adapter, initScale);
  const config = trajectoryConfig({ steps: 3, learningRate: 1e-3, batch: 4 });
  assertSteps(await takeSteps(model, await withReference(base, pairs), config), expected);
  await assertFinal(model, pairs, final, 0.02);
  model.dispose();
});
