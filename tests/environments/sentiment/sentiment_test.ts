/** Controlled sentiment: gold reward by hand, prompts, and one small run on the real model. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadEngine } from "../../../lib/engine/tensorflow.ts";
import { sentiment } from "../../../lib/environments/sentiment/environment.ts";
import { SentimentGold } from "../../../lib/environments/sentiment/gold.ts";
import { SENTIMENT_CAP, sentimentOf } from "../../../lib/environments/sentiment/lexicon.ts";
import { reviewPrompts, splitPrompts } from "../../../lib/environments/sentiment/prompts.ts";
import type { LanguageModel } from "../../../lib/policy/language_model.ts";
import { runConfig } from "../../../lib/study/run_config.ts";
import { runOne } from "../../../lib/study/run_one.ts";
import { assertClose } from "../../parity/assert_close.ts";
import { assertUserError } from "../../support/errors.ts";
import { smollm2Path } from "../../support/smollm2.ts";
import { withTempDir } from "../../support/temp_dir.ts";

Deno.test("sentiment by hand: VADER's compound by sentence, capped, averaged", () => {
  // Lexicon: great 3.1, bad -2.5. Compound of a sum s: s / sqrt(s^2 + 15).
  const great = 3.1 / Math.sqrt(3.1 ** 2 + 15), bad = -2.5 / Math.sqrt(2.5 ** 2 + 15);
  assertClose(sentimentOf("The room was great."), great, 0, "praise", 1e-4);
  assertClose(sentimentOf("The room was great. The food was bad."), (great + bad) / 2, 0, "", 1e-4);
  assertClose(sentimentOf("The room was great\nthe food was bad"), (great + bad) / 2, 0, "", 1e-4);
  assert.ok(sentimentOf("It was not great.") < 0, "negation");
  assert.equal(sentimentOf("Great, wonderful, excellent, superb, perfect joy."), SENTIMENT_CAP);
  assert.equal(sentimentOf("Horrible, terrible, awful, disgusting and evil."), -SENTIMENT_CAP);
  assert.equal(sentimentOf("The room has a door."), 0);
  assert.equal(sentimentOf(" ... \n !"), 0);
});

Deno.test("gold: below the threshold per token a response counts as the worst", async () => {
  const texts: Record<string, string> = { "1,2": "a great room", "3": "a great room too" };
  const gold = new SentimentGold({
    sft: undefined as unknown as LanguageModel, // not asked where log-probabilities are given
    fluentFrom: -2,
    text: (ids) => texts[ids.join()] as string,
  });
  const prompt = Int32Array.of(9), fluent = Int32Array.of(1, 2), odd = Int32Array.of(3);
  assert.throws(() => gold.reward(prompt, fluent), /was not prepared/);
  await gold.prepare([{ promptIds: prompt, completions: [fluent, odd] }], [-4, -2.5]);
  assert.ok(gold.valid(prompt, fluent)); // -2 per token
  assert.ok(gold.reward(prompt, fluent) > 0.6);
  assert.equal(gold.valid(prompt, odd), false); // -2.5 per token
  assert.equal(gold.reward(prompt, odd), -SENTIMENT_CAP);
});

Deno.test("prompts: neutral, different, split by seed, and no more than there are", async () => {
  assert.equal(new Set(reviewPrompts).size, 160);
  for (const prompt of reviewPrompts) assert.equal(sentimentOf(prompt), 0, prompt);
  const one = splitPrompts(1, 128, 32);
  assert.deepEqual(one, splitPrompts(1, 128, 32));
  assert.notDeepEqual(one, splitPrompts(2, 128, 32));
  assert.deepEqual([...one.train, ...one.heldOut].sort(), [...reviewPrompts].sort());
  await assertUserError(() => splitPrompts(1, 150, 11), /there are 160 prompts/);
});

Deno.test({
  name:
    "a small run on SmolLM2: every arm's first iteration and data are the same, and it repeats" +
    (smollm2Path === undefined ? " (skipped: deno task setup --model brings the model)" : ""),
  ignore: smollm2Path === undefined,
  async fn() {
    await loadEngine();
    await withTempDir(async (dir) => {
      const { setting, sera } = sentiment.smoke;
      const small = (flipRate: number) =>
        runConfig(sentiment, 50, [{
          setting: {
            ...setting,
            flipRate,
            trainPrompts: 6,
            poolSamples: 6,
            responseTokens: 8,
            pairs: 6,
            heldOutPrompts: 2,
          },
          sera: {
            ...sera,
            batch: 4,
            iterations: 2,
            bootstrap: { responses: 2, share: 0.5, maxNewTokens: 8 },
          },
        }]);
      const context = { cache: join(dir, "cache") };
      const run = await runOne(sentiment, small(0.5), context);
      const [, second] = run.iterations;
      assert.equal(second?.onPolicyPairs, 3);
      assert.equal(second?.flippedAll, 0.5);
      assert.ok(Number.isFinite(second?.gold) && Number.isFinite(second?.onPolicyWrong));
      assert.ok((second?.kl ?? 0) !== 0);
      // The samples come from the cache now, and nothing differs.
      const again = await runOne(sentiment, small(0.5), context);
      assert.deepEqual({ ...again, volatile: null }, { ...run, volatile: null });
    });
  },
});
