import assert from "node:assert/strict";
import { parseHfConfig, toHfConfig } from "../../../lib/policy/io/hf_config.ts";
import { assertUserError } from "../../support/errors.ts";
import { TINY_CONFIG } from "../../support/tiny_model.ts";

type Json = Record<string, unknown>;

const MINIMAL: Json = {
  architectures: ["LlamaForCausalLM"],
  vocab_size: 100,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
};

const parse = (change: Json = {}) => parseHfConfig({ ...MINIMAL, ...change }, "config.json");

Deno.test("absent fields have transformers' defaults", () => {
  assert.deepEqual(parse(), {
    vocabSize: 100,
    hiddenSize: 16,
    intermediateSize: 32,
    layers: 2,
    heads: 4,
    kvHeads: 4,
    headDim: 4,
    ropeTheta: 10000,
    rmsNormEps: 1e-6,
    maxPositions: 2048,
    tieEmbeddings: false,
  });
});

Deno.test("model_type serves where architectures is absent; null counts as absent", () => {
  const config = parse({ architectures: null, model_type: "llama", head_dim: null });
  assert.equal(config.headDim, 4);
});

Deno.test("Mistral's window is the file's, transformers' 4096, or none", () => {
  const mistral = { architectures: ["MistralForCausalLM"], num_key_value_heads: 2 };
  assert.equal(parse({ ...mistral, sliding_window: null }).slidingWindow, undefined);
  assert.equal(parse({ ...mistral, sliding_window: 512 }).slidingWindow, 512);
  const config = parse(mistral);
  assert.equal(config.slidingWindow, 4096);
  assert.equal(config.maxPositions, 131072);
});

Deno.test("Qwen's window is off by default, and of the layers that the file names", () => {
  const qwen = { architectures: ["Qwen2ForCausalLM"], num_key_value_heads: 2 };
  assert.equal(parse({ ...qwen, sliding_window: 8 }).slidingWindow, undefined);
  const on = { ...qwen, sliding_window: 8, use_sliding_window: true };
  assert.equal(parse(on).slidingWindow, undefined); // layers from 28 on: there are none
  assert.equal(parse({ ...on, max_window_layers: 0 }).fullLayers, undefined);
  assert.deepEqual(parse({ ...on, max_window_layers: 1 }).fullLayers, [0]);
  const types = parse({ ...on, layer_types: ["sliding_attention", "full_attention"] });
  assert.deepEqual([types.slidingWindow, types.fullLayers], [8, [1]]);
  assert.deepEqual(parse(qwen).biases, ["qkv"]);
  const qwen3 = parse({ ...qwen, architectures: ["Qwen3ForCausalLM"] });
  assert.deepEqual([qwen3.headDim, qwen3.headNorm, qwen3.biases], [128, true, undefined]);
});

Deno.test("GPT-NeoX has Pythia's defaults", () => {
  const config = parse({
    ...{ architectures: ["GPTNeoXForCausalLM"], hidden_size: 128, rotary_emb_base: 5000 },
  });
  assert.equal(config.rotaryDim, 8); // a quarter of 32
  assert.equal(config.ropeTheta, 5000);
  assert.deepEqual(config.biases, ["qkv", "attentionOut", "gateUp", "down"]);
  assert.ok(config.parallelResidual && config.layerNorm && config.gelu);
});

Deno.test("Llama's biases are read", () => {
  assert.deepEqual(parse({ attention_bias: true }).biases, ["qkv", "attentionOut"]);
  assert.deepEqual(parse({ mlp_bias: true }).biases, ["gateUp", "down"]);
});

Deno.test("rope scaling: default, linear, llama3, and transformers 5's rope_parameters", () => {
  assert.equal(parse({ rope_scaling: null }).ropeScaling, undefined);
  assert.equal(parse({ rope_scaling: { rope_type: "default" } }).ropeScaling, undefined);
  assert.deepEqual(parse({ rope_scaling: { type: "linear", factor: 2 } }).ropeScaling, {
    type: "linear",
    factor: 2,
  });
  const config = parse({
    rope_parameters: {
      rope_type: "llama3",
      rope_theta: 500000,
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    },
  });
  assert.equal(config.ropeTheta, 500000);
  assert.deepEqual(config.ropeScaling, {
    type: "llama3",
    factor: 8,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositions: 8192,
  });
});

Deno.test("what is written is read back, other fields of the source are kept", () => {
  const configs = [
    TINY_CONFIG,
    { ...TINY_CONFIG, tieEmbeddings: false, ropeScaling: { type: "linear", factor: 2 } as const },
    parse({
      rope_scaling: { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
    }),
  ];
  for (const config of configs) {
    const source = { eos_token_id: 7, dtype: "bfloat16", rope_parameters: { rope_theta: 1 } };
    const json = toHfConfig(config, source);
    assert.deepEqual(parseHfConfig(JSON.parse(JSON.stringify(json)), "x"), config);
    assert.equal(json.eos_token_id, 7);
    assert.equal(json.torch_dtype, "float32");
    assert.ok(!("dtype" in json) && !("rope_parameters" in json));
  }
});

const WRONG: [Json, string[]][] = [
  [{ architectures: ["Gemma2ForCausalLM"] }, ['"Gemma2ForCausalLM"', "LlamaForCausalLM"]],
  [{ architectures: undefined, model_type: "gpt2" }, ['"gpt2"']],
  [{ mlp_bias: "no" }, ["mlp_bias", '"no"']],
  [{ hidden_act: "gelu" }, ['hidden_act "gelu"']],
  [{ quantization_config: { bits: 4 } }, ["quantization_config"]],
  [{ rope_scaling: { rope_type: "longrope" } }, ['rope_scaling "longrope"', "neighbours"]],
  [{ rope_scaling: { rope_type: "other" } }, ['rope_scaling "other"', "yarn"]],
  [{ rope_parameters: { partial_rotary_factor: 0.5 } }, ["partial_rotary_factor 0.5"]],
  [{ architectures: ["GPTNeoXForCausalLM"], hidden_act: "gelu_fast" }, ['"gelu_fast"']],
  [{ architectures: ["GPTNeoXForCausalLM"], rotary_pct: 0.01 }, ["0 of a head's 4"]],
  [{ rope_scaling: { type: "linear" } }, ["rope_scaling", '"factor" is missing']],
  [{ rope_scaling: "linear" }, ["rope_scaling"]],
  [{ vocab_size: undefined }, ['"vocab_size" is missing']],
  [{ vocab_size: -5 }, ['"vocab_size" is -5']],
  [{ vocab_size: 1.5 }, ['"vocab_size" is 1.5']],
  [{ hidden_size: "16" }, ['"hidden_size" is "16"']],
  [{ hidden_size: 2 ** 40 }, ['"hidden_size"']],
  [{ hidden_size: 18 }, ["18 is not a multiple of 4"]],
  [{ hidden_size: 20 }, ["head width 5 is odd"]],
  [{ num_key_value_heads: 3 }, ["4 query heads", "3 key heads"]],
  [{ num_hidden_layers: 100000 }, ["100000 layers"]],
  [{ rms_norm_eps: 0 }, ['"rms_norm_eps" is 0']],
];

for (const [change, texts] of WRONG) {
  Deno.test(`refused by name: ${JSON.stringify(change)}`, () =>
    assertUserError(() => parse(change), "config.json", ...texts));
}
