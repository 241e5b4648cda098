import assert from "node:assert/strict";
import { rotaryFrequencies } from "../../lib/policy/rotary_frequencies.ts";

const close = (found: Float32Array, expected: number[]) => {
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) => assert.ok(Math.abs(found[i]! / value - 1) < 1e-6, `${found}`));
};

Deno.test("plain frequencies are theta^(-2i / d)", () => {
  close(rotaryFrequencies({ headDim: 8, ropeTheta: 10000 }), [1, 0.1, 0.01, 0.001]);
});

Deno.test("linear scaling divides every frequency", () => {
  const ropeScaling = { type: "linear", factor: 4 } as const;
  close(
    rotaryFrequencies({ headDim: 8, ropeTheta: 10000, ropeScaling }),
    [0.25, 0.025, 0.0025, 0.00025],
  );
});

Deno.test("llama3 scaling gives transformers' frequencies", () => {
  const ropeScaling = {
    type: "llama3",
    factor: 32,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositions: 8192,
  } as const;
  const found = rotaryFrequencies({ headDim: 16, ropeTheta: 500000, ropeScaling });
  // transformers 5.23: ROPE_INIT_FUNCTIONS["llama3"] for this configuration.
  close(found, [
    1.0,
    0.193922758102417,
    0.03760603070259094,
    0.00729266507551074,
    0.000429556705057621,
    8.570255886297673e-06,
    1.6619674170215148e-06,
    3.2229328894572973e-07,
  ]);
});
