/** The gold reward of controlled sentiment as a judge, on a tiny random model. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { quantile } from "simple-statistics";
import { tokenizePrompt } from "../../lib/data/tokenize_pairs.ts";
import { SENTIMENT_CAP, sentimentOf } from "../../lib/environments/sentiment/lexicon.ts";
import type { Comparison } from "../../lib/judges/comparison.ts";
import { judgeBySentiment } from "../../lib/judges/judge_by_sentiment.ts";
import { generate } from "../../lib/policy/generate.ts";
import { type LoadedModel, loadPolicy } from "../../lib/policy/load_policy.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";

const OPTIONS = {
  ...{ chatTemplate: "never", maxNewTokens: 12, batch: 64, maxRows: 4096, seed: 3 } as const,
};

function compare(index: number, answer: string, baseline: string): Comparison {
  return {
    ...{ id: `q${index}`, index, group: null, answer, baseline },
    instruction: `Review of hotel ${index % 2}: it`,
  };
}

async function withTiny(use: (loaded: LoadedModel) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    await makeTinyModelFolder(join(dir, "model"), { seed: 7 });
    const loaded = await loadPolicy(join(dir, "model"));
    await use(loaded);
    loaded.model.dispose();
  });
}

Deno.test("gold judge: sentiment of sentences decides; what the SFT model would not write is the worst", () =>
  withTiny(async (loaded) => {
    const { model, files: { tokenizer } } = loaded;
    const comparisons = [
      compare(0, "The room was great.", "The room was bad."),
      compare(1, "Bad. Great.", "Great."),
      compare(2, "", "Horrible, terrible, awful, disgusting and evil."),
      compare(3, "it is good", "it is good"),
    ];
    const found = await judgeBySentiment(comparisons, loaded, OPTIONS);

    // The threshold again, from the definition: 64 samples to each of the two instructions.
    const prompts = [0, 1].map((i) =>
      tokenizePrompt((comparisons[i] as Comparison).instruction, tokenizer, "never")
    );
    const { chatTemplate: _c, maxRows: _m, ...draw } = OPTIONS;
    const samples = await generate(model, prompts, {
      ...{ ...draw, temperature: 1, topP: 1, topK: 0, responses: 64, path: ["fluency"] },
      stopTokenIds: tokenizer.stopTokenIds,
    });
    const encoded = samples.map((list) =>
      list.map(({ ids }) => tokenizer.encode(tokenizer.decode(ids, { skipSpecialTokens: true })))
        .filter(({ length }) => length > 0)
    );
    const perToken = async (promptIds: Int32Array, texts: readonly Int32Array[]) =>
      (await sequenceLogps(model, texts.map((ids) => ({ promptIds, completions: [ids] }))))
        .map((sums, i) => (sums[0] as number) / (texts[i] as Int32Array).length);
    const own = (await Promise.all(prompts.map((prompt, p) => perToken(prompt, encoded[p]!))))
      .flat();
    assert.ok(own.length > 100);
    assert.ok(Math.abs(found.fluentFrom - quantile(own, 0.05)) < 1e-6);

    // Every score from its definition.
    const notFluent = { answer: 0, baseline: 0 };
    for (const [i, { answer, baseline }] of comparisons.entries()) {
      for (const [side, text] of Object.entries({ answer, baseline })) {
        const ids = tokenizer.encode(text);
        const isFluent = ids.length > 0 &&
          (await perToken(prompts[i % 2] as Int32Array, [ids]))[0]! >= found.fluentFrom;
        const name = side as "answer" | "baseline";
        if (!isFluent) notFluent[name]++;
        const expected = isFluent ? sentimentOf(text) : -SENTIMENT_CAP;
        assert.ok(Math.abs(found.scores[i]![name] - expected) < 1e-12, `${i} ${side}`);
      }
    }
    assert.deepEqual(found.notFluent, {
      answers: notFluent.answer,
      baselines: notFluent.baseline,
    });
    assert.equal(found.scores[2]!.answer, -SENTIMENT_CAP, "an answer without tokens");
    assert.equal(found.judged[3]!.preference, 0.5, "equal answers tie");
    assert.deepEqual(found, await judgeBySentiment(comparisons, loaded, OPTIONS), "repeats");
  }));

Deno.test("gold judge: glad words gain nothing beside what the SFT model would not write", () =>
  withTiny(async (loaded) => {
    const { model, files: { tokenizer } } = loaded;
    const promptIds = tokenizePrompt(compare(0, "", "").instruction, tokenizer, "never");
    const texts = [..."abcdefghijklmnopqrstuvwxyz"].map((letter) => `great ${letter.repeat(12)}`);
    const ids = texts.map((text) => tokenizer.encode(text));
    const sums = await sequenceLogps(model, [{ promptIds, completions: ids }]);
    const perToken = texts.map((_, i) => (sums[0]![i] as number) / ids[i]!.length);
    const odd = texts[perToken.indexOf(Math.min(...perToken))] as string;
    assert.ok(sentimentOf(odd) > 0.6);
    const { scores, notFluent, judged, fluentFrom } = await judgeBySentiment(
      [compare(0, odd, "bad")],
      loaded,
      OPTIONS,
    );
    assert.ok(fluentFrom > Math.min(...perToken));
    assert.equal(scores[0]!.answer, -SENTIMENT_CAP);
    assert.equal(notFluent.answers, 1);
    assert.notEqual(judged[0]!.preference, 1);
  }));

Deno.test("gold judge: answers beyond the context are cut and counted, instructions refused", () =>
  withTiny(async (loaded) => {
    const long = "great ".repeat(60);
    const { cut, scores } = await judgeBySentiment([compare(0, long, "bad")], loaded, OPTIONS);
    assert.equal(cut, 1);
    assert.ok(Number.isFinite(scores[0]!.answer));
    const instruction = "word ".repeat(100);
    await assertUserError(
      () => judgeBySentiment([{ ...compare(0, "a", "b"), instruction }], loaded, OPTIONS),
      "instruction q0 has",
      "the judge's context is 128",
    );
  }));
