/** Wrong input is an error that can be caught: native code must not read beyond its tensors. */
import assert from "node:assert/strict";
import { engine } from "../../../lib/engine/tensorflow.ts";
import { assertUserError } from "../../support/errors.ts";
import { composite, native, randomMatrix, testEach } from "./implementations.ts";

const shape = { heads: 2, kvHeads: 1, headDim: 4 };
const width = 16;

for (const target of [-1, 5, 2_000_000_000]) {
  testEach(`target token ${target} of a vocabulary of 5 is refused`, (kernel) => {
    const { tf } = engine();
    const targets = tf.tensor1d([0, target], "int32");
    assert.throws(() => kernel.tokenLogps(tf.zeros([2, 5]), targets));
    assert.throws(() => kernel.tokenLogpsWithResidual(tf.zeros([2, 5]), targets));
  });

  testEach(`row ${target} of a table of 5 is refused`, (kernel) => {
    const { tf } = engine();
    assert.throws(() => kernel.gatherRows(tf.zeros([5, 2]), tf.tensor1d([0, target], "int32")));
  });
}

const segments = {
  "beyond the rows": { start: 2, length: 3, prefixStart: 0, prefixLength: 0 },
  "with a prefix beyond the rows": { start: 0, length: 2, prefixStart: 3, prefixLength: 2 },
};
for (const [name, segment] of Object.entries(segments)) {
  testEach(`a segment ${name} is refused`, (kernel) => {
    const layout = kernel.attentionLayout([segment], 4);
    assert.throws(() => kernel.attention(randomMatrix("qkv", 4, width), layout, shape));
    layout.dispose();
  });
}

testEach("rows of the wrong width are refused by attention", (kernel) => {
  const layout = kernel.attentionLayout(
    [{ start: 0, length: 4, prefixStart: 0, prefixLength: 0 }],
    4,
  );
  assert.throws(() => kernel.attention(randomMatrix("qkv", 4, width - 1), layout, shape));
  layout.dispose();
});

Deno.test("without fused kernels, attention over 16,000 tokens is a limit that is said, no crash", async () => {
  const heads = 128, length = 16_000; // more than a machine has
  const { tf } = engine();
  const layout = composite.attentionLayout(
    [{ start: 0, length, prefixStart: 0, prefixLength: 0 }],
    length,
  );
  const qkv = tf.zeros([length, 3 * heads]) as ReturnType<typeof randomMatrix>;
  await assertUserError(
    () => composite.attention(qkv, layout, { heads, kvHeads: heads, headDim: 1 }),
    "attention over 16000 tokens takes about 524.3 GB of memory without the fused kernels",
    /and [\d.]+ GB are free: shorten the texts \(--max-length\), or run `deno task setup`$/,
  );
  qkv.dispose();
  layout.dispose();
});

testEach("a position outside the rotary table is refused", (kernel) => {
  const { tf } = engine();
  const rotation = {
    cos: tf.ones([3, 2]) as ReturnType<typeof randomMatrix>,
    sin: tf.zeros([3, 2]) as ReturnType<typeof randomMatrix>,
    positions: tf.tensor1d([0, 3], "int32"),
  };
  assert.throws(() => kernel.rope(randomMatrix("x", 2, width), rotation, shape, false));
});

Deno.test({
  name: "native kernels check sizes before they read",
  ignore: native === undefined,
  fn: () =>
    engine().tf.tidy(() => {
      const { tf } = engine();
      const kernel = native!;
      const x = randomMatrix("x", 3, width);
      const weight = tf.ones([width]) as ReturnType<typeof tf.tensor1d>;
      const short = tf.ones([2]) as ReturnType<typeof tf.tensor1d>;
      const layout = kernel.attentionLayout(
        [{ start: 0, length: 3, prefixStart: 0, prefixLength: 0 }],
        3,
      );
      const result = kernel.attention(x, layout, shape);
      const dout = randomMatrix("dout", 3, 8);
      const cos = randomMatrix("cos", 4, 2), positions = tf.tensor1d([0, 1, 2], "int32");
      const wrong: Record<string, () => unknown> = {
        "norm's weight": () => kernel.rmsNorm(x, undefined, short, 1e-5),
        "norm's delta": () => kernel.rmsNorm(x, randomMatrix("d", 2, width), weight, 1e-5),
        "norm gradient's dy": () =>
          kernel.rmsNormGrad(randomMatrix("d", 2, width), x, weight, weight, undefined, true),
        "norm gradient's inverse": () => kernel.rmsNormGrad(x, x, weight, short, undefined, true),
        "norm gradient's weight": () =>
          kernel.rmsNormGrad(x, x, short, result.out.sum(1), undefined, true),
        "swiglu gradient's dy": () => kernel.swigluGrad(dout, randomMatrix("g", 2, 16)),
        "log-probabilities' targets": () => kernel.tokenLogps(x, tf.tensor1d([1], "int32")),
        "rotary sines": () =>
          kernel.rope(x, { cos, sin: randomMatrix("sin", 1, 2), positions }, shape, false),
        "attention gradient's dout": () =>
          kernel.attentionGrad(randomMatrix("d", 2, 8), x, result, layout, shape),
        "attention gradient's output": () =>
          kernel.attentionGrad(dout, x, { ...result, out: x.slice(0, 1) }, layout, shape),
        "attention gradient's sums": () =>
          kernel.attentionGrad(dout, x, { ...result, saved: [short] }, layout, shape),
        "heads that do not divide": () =>
          kernel.attention(randomMatrix("q", 3, 18), layout, { heads: 3, kvHeads: 2, headDim: 2 }),
        "no key head": () =>
          kernel.attention(randomMatrix("q", 3, 4), layout, { heads: 2, kvHeads: 0, headDim: 2 }),
        "the optimiser's gradient": () =>
          kernel.adamW({ value: x, first: x.clone(), second: x.clone() }, weight, {
            learningRate: 1,
            beta1: 0,
            beta2: 0,
            epsilon: 1,
            weightDecay: 0,
            step: 1,
            gradFactor: 1,
          }),
        "a span beyond the prompts": () =>
          kernel.decodeCache(x, Int32Array.of(1, 3), 1, shape).attend(x.slice(0, 1)),
      };
      for (const [name, run] of Object.entries(wrong)) assert.throws(run, Error, name);

      const cache = kernel.decodeCache(x, Int32Array.of(0, 3), 1, shape);
      cache.attend(x.slice([0, 0], [1, width]));
      assert.throws(() => cache.attend(x.slice([0, 0], [1, width])), /cache is full/);
      cache.dispose();
      layout.dispose();
    }),
});

testEach("what is not a number stays visible", (kernel) => {
  const { tf } = engine();
  for (const place of [0, 3, 36]) {
    const values = new Float32Array(2 * 37);
    values[place] = NaN;
    const x = tf.tensor2d(values, [2, 37]);
    const logps = kernel.tokenLogps(x, tf.tensor1d([1, 1], "int32")).dataSync();
    assert.ok(Number.isNaN(logps[0]), `logits: ${logps}`);
    assert.ok(Number.isFinite(logps[1]));
    const { y } = kernel.rmsNorm(x, undefined, tf.ones([37]), 1e-5);
    assert.ok(Number.isNaN(y.dataSync()[5]), "norm");
    assert.ok(Number.isNaN(kernel.sumSquares(x).dataSync()[0]), "norm of a gradient");
  }
  for (const place of [0, 8, 12]) {
    const values = new Float32Array(3 * width);
    values[place] = NaN;
    const layout = kernel.attentionLayout(
      [{ start: 0, length: 3, prefixStart: 0, prefixLength: 0 }],
      3,
    );
    const { out } = kernel.attention(tf.tensor2d(values, [3, width]), layout, shape);
    assert.ok(out.dataSync().some(Number.isNaN), `attention, ${place}`);
    layout.dispose();
  }
});
