import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { Decoder } from "../../lib/policy/decode.ts";
import { generate, type GenerationOptions } from "../../lib/policy/generate.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { assertUserError } from "../support/errors.ts";
import { assertFrequencies, warpedProbabilities } from "./frequencies.ts";
import {
  ARCHITECTURES,
  CONFIG,
  fullModel,
  loraModel,
  nextLogits,
  randomIds,
} from "./random_model.ts";

const { tf } = await loadEngine();
const model = await fullModel();

const GREEDY: GenerationOptions = {
  temperature: 0,
  topP: 1,
  topK: 0,
  responses: 1,
  maxNewTokens: 10,
  stopTokenIds: [],
  seed: 1,
  path: ["test"],
  batch: 8,
};
const SAMPLED: GenerationOptions = { ...GREEDY, temperature: 1.5, responses: 3 };

/** Lengths 1 (no cached prompt rows) and others, not sorted. */
const prompts = [7, 1, 12, 3, 1, 5].map((length, i) => randomIds(`prompt ${i}`, length));

const ids = async (policy: LanguageModel, options: Partial<GenerationOptions> = {}) =>
  (await generate(policy, prompts, { ...GREEDY, ...options }))
    .map((list) => list.map((response) => [...response.ids]));

Deno.test("the decoder's logits are those of a whole pass, also after responses have left", async () => {
  const others = Object.values(ARCHITECTURES).map((changes) => fullModel(changes));
  const single = await fullModel({ kvHeads: 1, tieEmbeddings: false, layers: 1 });
  for (const policy of [model, single, ...await Promise.all(others)]) {
    // Two responses share prompt 0; prompt 1 has one token.
    const owner = Int32Array.of(0, 0, 1, 2, 3);
    let sequences = Array.from(owner, (p) => [...prompts[p]!]);
    const decoder = new Decoder(policy.inferenceWeights(), prompts.slice(0, 4), owner, 8);
    for (let step = 0; step < 8; step++) {
      if (step === 3 || step === 6) {
        const rows = step === 3 ? [1, 2, 4] : [0, 2];
        decoder.keep(Int32Array.from(rows));
        sequences = rows.map((row) => sequences[row]!);
      }
      const logits = decoder.step(Int32Array.from(sequences, (s) => s.at(-1)!));
      const own = logits.arraySync();
      logits.dispose();
      sequences.forEach((sequence, row) => {
        const expected = nextLogits(policy, sequence);
        expected.forEach((x, id) =>
          assert.ok(Math.abs(x - own[row]![id]!) < 2e-5 * 10, `step ${step}, row ${row}, ${id}`)
        );
        // Different continuations, also of one prompt.
        sequence.push((7 * step + 3 * row) % CONFIG.vocabSize);
      });
    }
    decoder.dispose();
  }
});

Deno.test("greedy decoding is the argmax of a whole pass, step by step", async () => {
  for (const policy of [model, await loraModel()]) {
    const out = await ids(policy);
    assert.deepEqual(out.map(([list]) => list!.length), prompts.map(() => 10));
    out.forEach(([list], p) => {
      list!.forEach((id, t) => {
        const logits = nextLogits(policy, [...prompts[p]!, ...list!.slice(0, t)]);
        const top = logits.reduce((a, b) => Math.max(a, b));
        assert.ok(logits[id]! > top - 1e-4, `prompt ${p}, token ${t}: ${logits[id]} of ${top}`);
      });
    });
    assert.ok(new Set(out.flat(2)).size > 5, "too monotonous to show anything");
  }
});

Deno.test("the batch size changes neither greedy nor sampled responses", async () => {
  for (const options of [GREEDY, SAMPLED]) {
    const expected = await ids(model, options);
    for (const batch of [1, 3, 4, 100]) {
      assert.deepEqual(await ids(model, { ...options, batch }), expected, `batch ${batch}`);
    }
  }
});

Deno.test("responses that end leave the batch, the others go on as if alone", async () => {
  for (const options of [{ ...GREEDY, responses: 2 }, SAMPLED]) {
    const free = await ids(model, { ...options, maxNewTokens: 20 });
    const stopTokenIds = [3, 11, 17, 25];
    const stopped = await generate(model, prompts, {
      ...options,
      maxNewTokens: 20,
      stopTokenIds,
      batch: 100,
    });
    let early = 0;
    stopped.forEach((list, p) =>
      list.forEach(({ ids, finished }, r) => {
        const all = free[p]![r]!;
        const end = all.findIndex((id) => stopTokenIds.includes(id));
        // The stop token is kept as the last id.
        assert.deepEqual([...ids], end < 0 ? all : all.slice(0, end + 1), `${p} ${r}`);
        assert.equal(finished, end >= 0);
        if (end >= 0 && end < 10) early++;
      })
    );
    assert.ok(early >= 2, `only ${early} ended early`);
  }
});

Deno.test("one stop token is enough to end with one token, and the last may be one", async () => {
  const [[first]] = await ids(model) as [[number[]]];
  const stop = first!.at(-1)!;
  const at = first!.indexOf(stop);
  for (const [maxNewTokens, finished] of [[at + 1, true], [at, at === 0]] as const) {
    if (maxNewTokens === 0) continue;
    const [[response]] = await generate(model, prompts.slice(0, 1), {
      ...GREEDY,
      maxNewTokens,
      stopTokenIds: [stop],
    }) as [[{ ids: Int32Array; finished: boolean }]];
    assert.equal(response.ids.length, maxNewTokens);
    assert.equal(response.finished, finished);
  }
});

Deno.test("the context limits responses, each by its own prompt", async () => {
  const short = new LanguageModel({ ...CONFIG, maxPositions: 14 }, model.base);
  const out = await generate(short, prompts, { ...GREEDY, maxNewTokens: 100 });
  out.forEach(([response], p) => {
    assert.equal(response!.ids.length, 14 - prompts[p]!.length, `prompt ${p}`);
    assert.equal(response!.finished, false);
  });
  // The same tokens as without the limit.
  const free = await ids(model, { maxNewTokens: 13 });
  out.forEach(([response], p) =>
    assert.deepEqual([...response!.ids], free[p]![0]!.slice(0, response!.ids.length))
  );
  const full = [randomIds("fits", 13), randomIds("full", 14)];
  await assertUserError(
    () => generate(short, full, GREEDY),
    "prompt 1 has 14 tokens",
    "context 14",
  );
  await assertUserError(() => generate(short, [new Int32Array(0)], GREEDY), "prompt 0 is empty");
});

Deno.test("the same seed gives the same text, another seed or path another", async () => {
  const expected = await ids(model, SAMPLED);
  assert.deepEqual(await ids(model, SAMPLED), expected);
  for (const other of [{ seed: 2 }, { path: ["test", 1] }, { path: [] }]) {
    assert.notDeepEqual(await ids(model, { ...SAMPLED, ...other }), expected);
  }
  // Responses of one prompt differ, and so do those of equal prompts (1 and 4 are not equal).
  const same = await generate(model, [prompts[0]!, prompts[0]!], SAMPLED);
  const texts = same.flat().map((response) => response.ids.join());
  assert.equal(new Set(texts).size, 6);
});

Deno.test("more responses leave the first ones as they are", async () => {
  const three = await ids(model, { ...SAMPLED, batch: 100 });
  const five = await ids(model, { ...SAMPLED, responses: 5, batch: 100 });
  assert.deepEqual(five.map((list) => list.slice(0, 3)), three);
});

Deno.test("top-k 1 is greedy", async () => {
  assert.deepEqual(await ids(model, { temperature: 2, topK: 1 }), await ids(model));
});

Deno.test("first tokens are drawn from the warped softmax of the prompt's logits", async () => {
  const prompt = prompts[2]!;
  for (
    const rule of [{ temperature: 1, topP: 1, topK: 0 }, { temperature: 0.8, topP: 0.8, topK: 9 }]
  ) {
    const [responses] = await generate(model, [prompt], {
      ...GREEDY,
      ...rule,
      responses: 2000,
      batch: 2000,
      maxNewTokens: 1,
    });
    const counts = new Int32Array(CONFIG.vocabSize);
    for (const response of responses!) counts[response.ids[0]!]!++;
    assertFrequencies(counts, warpedProbabilities(nextLogits(model, prompt), rule));
  }
});

Deno.test("generation leaves no tensor behind, even when it fails", async () => {
  const lora = await loraModel();
  for (const policy of [model, lora]) {
    await ids(policy, SAMPLED);
    const before = tf.memory().numTensors;
    await ids(policy, { ...SAMPLED, stopTokenIds: [3, 11, 17, 25] });
    await ids(policy);
    assert.equal(tf.memory().numTensors, before);
  }
  const broken = await fullModel();
  const snapshot = await broken.snapshot();
  snapshot.get("finalNorm")!.data.fill(NaN);
  broken.restore(snapshot);
  const failing = () => ids(broken, { ...SAMPLED, topP: 0.9 });
  await assertUserError(failing, "the logit of token 0 is NaN");
  const before = tf.memory().numTensors;
  await assertUserError(failing, "NaN");
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("progress counts every response and token once", async () => {
  const seen: [number, number][] = [];
  const out = await ids(model, {
    ...SAMPLED,
    stopTokenIds: [3, 11],
    batch: 6,
    onProgress: (responses, tokens) => void seen.push([responses, tokens]),
  });
  assert.equal(seen.length, 3);
  assert.deepEqual(seen.at(-1), [18, out.flat(2).length]);
  assert.deepEqual(await generate(model, [], GREEDY), []);
});
