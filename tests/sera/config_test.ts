/** Layers of options, and what is refused in which words. */
import assert from "node:assert/strict";
import {
  defaultBootstrap,
  defaultSeraConfig,
  seraConfig,
  type SeraOptions,
  seraRules,
} from "../../lib/sera/config.ts";
import { assertUserError } from "../support/errors.ts";

Deno.test("without options a config is the default; later layers change what they name", () => {
  assert.deepEqual(seraConfig(), defaultSeraConfig);
  const config = seraConfig({ steps: 80, batch: 32 }, { batch: 16, ensemble: { gamma: 0.5 } });
  assert.deepEqual(config, {
    ...defaultSeraConfig,
    steps: 80,
    batch: 16,
    ensemble: { weighting: "ema", gamma: 0.5, window: 3 },
  });
  assert.deepEqual(seraConfig(config), config, "a whole config is a layer too");
  // Options of a parser: what was not given is undefined.
  const none = { steps: undefined, bootstrap: undefined, ensemble: { gamma: undefined } };
  assert.deepEqual(seraConfig(config, none as unknown as SeraOptions), config);
});

Deno.test("a loss of the same name keeps its other options; another starts from its defaults", () => {
  const simpo = { loss: { name: "simpo", beta: 5 } } as const;
  const both = seraConfig(simpo, { loss: { name: "simpo", gammaMarginRatio: 0.5 } });
  assert.deepEqual(both.loss, { name: "simpo", beta: 5, gammaMarginRatio: 0.5 });
  const other = seraConfig(simpo, { loss: { name: "dpo" } });
  assert.deepEqual(other.loss, { name: "dpo", beta: 0.1 });
  const back = seraConfig(simpo, { loss: { name: "dpo" } }, { loss: { name: "simpo" } });
  assert.deepEqual(back.loss, { name: "simpo", beta: 2, gammaMarginRatio: 0.25 });
});

Deno.test("bootstrapping: null is off, an object is on and changes what it names", () => {
  assert.deepEqual(defaultSeraConfig.bootstrap, defaultBootstrap);
  const off = seraConfig({ bootstrap: { responses: 8 } }, { bootstrap: null });
  assert.equal(off.bootstrap, null);
  assert.equal(seraConfig(off, { steps: 3 }).bootstrap, null);
  assert.deepEqual(seraConfig(off, { bootstrap: {} }).bootstrap, defaultBootstrap);
  assert.deepEqual(
    seraConfig({ bootstrap: { responses: 8 } }, { bootstrap: { share: 0.5 } }).bootstrap,
    { ...defaultBootstrap, responses: 8, share: 0.5 },
  );
});

/** By the meaning of each number, not by the code: its edges, and what lies past them. */
const edges = {
  nllAlpha: { good: [0, 2], bad: [-0.1] },
  iterations: { good: [1], bad: [0, 1.5, null] },
  steps: { good: [1, null], bad: [0, 2.5] },
  batch: { good: [1], bad: [0, 0.5, null] },
  learningRate: { good: [1e-9, null], bad: [0, -1] },
  warmup: { good: [0, 0.999], bad: [1, -0.1] },
  weightDecay: { good: [0], bad: [-1] },
  maxGradNorm: { good: [0, 0.5], bad: [-1] },
  crossFit: { good: [2, null], bad: [1, 2.5] },
  maxRows: { good: [1], bad: [0] },
  "rewardModel.steps": { good: [1, null], bad: [0, 2.5] },
  "rewardModel.learningRate": { good: [1e-9, null], bad: [0, -1] },
  "bootstrap.share": { good: [0.01, 2], bad: [0] },
  "bootstrap.promptFactor": { good: [1], bad: [0.99] },
  "bootstrap.responses": { good: [2], bad: [1, 2.5] },
  "bootstrap.temperature": { good: [0.1, 3], bad: [0] },
  "bootstrap.topP": { good: [0.1, 1], bad: [0, 1.1] },
  "bootstrap.topK": { good: [0, 5], bad: [-1, 0.5] },
  "bootstrap.maxNewTokens": { good: [1], bad: [0] },
  "bootstrap.batch": { good: [1], bad: [0] },
} satisfies Record<keyof typeof seraRules, { good: unknown[]; bad: unknown[] }>;

Deno.test("every number is checked, and a refusal names field, value and rule", async () => {
  for (const [name, { good, bad }] of Object.entries(edges)) {
    const options = (value: unknown): SeraOptions => {
      const [first, second] = name.split(".") as [string, string?];
      return { [first]: second === undefined ? value : { [second]: value } };
    };
    for (const value of good) assert.doesNotThrow(() => seraConfig(options(value)), name);
    const { text } = seraRules[name as keyof typeof seraRules];
    for (const value of [...bad, NaN, Infinity, "3"]) {
      await assertUserError(
        () => seraConfig(options(value)),
        `config: ${name} is ${JSON.stringify(value)}; it must be ${text}`,
      );
    }
  }
});

Deno.test("names, rules and pairs of choices that do not go together are refused", async () => {
  const cases: [options: unknown, text: string][] = [
    [{ schedule: "step" }, 'config: schedule is "step"; it must be one of constant, linear'],
    [{ reference: "base" }, 'config: reference is "base"; it must be one of sft, previous'],
    [{ initial: "base" }, 'config: initial is "base"; it must be one of sft, previous'],
    [{ ensemble: { weighting: "mean" } }, 'config: ensemble.weighting is "mean"'],
    [{ ensemble: { gamma: 1.1 } }, "the ensemble's gamma is 1.1; it must be in [0, 1]"],
    [{ ensemble: { window: 0 } }, "the ensemble's window is 0"],
    [{ loss: { name: "ppo" } }, 'unknown loss "ppo"; the losses are dpo'],
    [{ loss: { name: "dpo", tau: 1 } }, 'loss "dpo" has no option "tau"'],
    [{ loss: { name: "dpo", beta: 0 } }, 'option "beta" of loss "dpo" is 0'],
    [{ selection: { rule: "best" } }, 'unknown selection rule "best"; the rules are all, top'],
    [{ selection: { rule: "top" } }, "the share to keep is undefined"],
    [{ selection: { rule: "top", keep: 1.2 } }, "the share to keep is 1.2"],
    [{ selection: { rule: "all", keep: 0.7 } }, 'rule "all" has no field "keep"'],
    [{ selection: { rule: "threshold" } }, "the margin threshold is undefined"],
    [
      { selection: { rule: "oracle", keep: 0.7, order: "gold" } },
      'the order of the selection rule "oracle" is "gold"; it must be margin or random',
    ],
    [{ stepsPerIteration: 3 }, 'a config has no field "stepsPerIteration"; its fields are loss, '],
    [{ bootstrap: { prompts: 3 } }, 'bootstrap has no field "prompts"; its fields are share, '],
    [{ ensemble: { gama: 0.3 } }, 'ensemble has no field "gama"; its fields are weighting, '],
    [{ crossFit: 2, reference: "previous" }, 'config: crossFit needs reference "sft"'],
    [{ selection: { rule: "top", keep: 0.5, by: "votes" } }, "selection by votes needs crossFit"],
    [{ selection: { rule: "lossdiff-irm", keep: 0.5 } }, "by lossdiff-irm needs crossFit"],
    [
      { selection: { rule: "top", keep: 0.5, by: "explicit" } },
      "config: selection by explicit needs rewardModel, which is null",
    ],
    [
      { selection: { rule: "bottom", keep: 0.5, by: "explicit-minus-implicit" } },
      "config: selection by explicit-minus-implicit needs rewardModel",
    ],
    [{ bootstrap: { judge: "explicit" } }, "config: bootstrap.judge explicit needs rewardModel"],
    [{ bootstrap: { judge: "gold" } }, 'bootstrap.judge is "gold"'],
    [{ rewardModel: { stepz: 3 } }, 'rewardModel has no field "stepz"; its fields are steps, '],
    [{ rewardModel: { steps: 0 } }, "config: rewardModel.steps is 0; it must be"],
  ];
  for (const [options, text] of cases) {
    await assertUserError(() => seraConfig(options as SeraOptions), text);
  }
});
