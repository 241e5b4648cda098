import assert from "node:assert/strict";
import { join } from "node:path";
import { judgeByReward } from "../../lib/judges/judge_by_reward.ts";
import { RewardModel } from "../../lib/policy/reward_model.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { makeTinyRewardFolder } from "../support/tiny_reward.ts";

/** Written by tools/parity/reward_reference.py. */
const reference = JSON.parse(
  Deno.readTextFileSync(new URL("./reward_scores.json", import.meta.url)),
) as {
  readonly source: string;
  readonly seed: number;
  readonly cases: readonly {
    readonly instruction: string;
    readonly answer: string;
    readonly tokens: readonly number[];
    readonly score: number;
  }[];
};

Deno.test(`a reward model's scores are those of ${reference.source}`, async () => {
  await withTempDir(async (dir) => {
    await makeTinyRewardFolder(dir, reference.seed);
    const model = await RewardModel.load(dir);
    const texts = reference.cases.map(({ instruction, answer }) =>
      model.tokens(instruction, answer)
    );
    texts.forEach(({ ids, cut }, i) => {
      assert.deepEqual([...ids], reference.cases[i]?.tokens);
      assert.equal(cut, false);
    });
    for (const maxRows of [8, 4096]) { // one at a time, and all together
      const scores = await model.scores(texts.map(({ ids }) => ids), maxRows);
      reference.cases.forEach(({ score }, i) => {
        assert.ok(Math.abs((scores[i] as number) - score) < 1e-5, `${scores[i]} ${score}`);
      });
    }
  });
});

Deno.test("the higher score wins whatever the order; equal answers tie", async () => {
  await withTempDir(async (dir) => {
    await makeTinyRewardFolder(dir, reference.seed);
    const model = await RewardModel.load(dir);
    const [a, b] = reference.cases as unknown as [
      { answer: string; score: number },
      { answer: string; score: number },
    ];
    const common = { group: null, instruction: "Name a prime." };
    const { judged, scores, cut } = await judgeByReward(
      [
        { ...common, id: "0", index: 0, answer: a.answer, baseline: b.answer },
        { ...common, id: "1", index: 1, answer: b.answer, baseline: a.answer },
        { ...common, id: "2", index: 2, answer: a.answer, baseline: a.answer },
        { ...common, id: "3", index: 3, answer: "long ".repeat(200), baseline: a.answer },
      ],
      model,
      4096,
    );
    const better = a.score > b.score ? 1 : 0;
    assert.deepEqual(judged.slice(0, 3).map(({ preference }) => preference), [
      better,
      1 - better,
      0.5,
    ]);
    assert.ok(Math.abs((scores[0]?.answer ?? 0) - a.score) < 1e-5);
    assert.equal(cut, 1);
  });
});

Deno.test("what is no reward model is said by name", async () => {
  await withTempDir(async (dir) => {
    const model = join(dir, "model");
    await makeTinyModelFolder(model, { seed: 1 });
    await assertUserError(
      () => RewardModel.load(model),
      ...["LlamaForCausalLM", "is no reward model", "LlamaForSequenceClassification is"],
    );
    const config = join(model, "config.json");
    const json = JSON.parse(Deno.readTextFileSync(config));
    json.architectures = ["LlamaForSequenceClassification"];
    Deno.writeTextFileSync(config, JSON.stringify(json));
    await assertUserError(() => RewardModel.load(model), '"score.weight" is []', "[1,16]");
  });
});
