import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import type { ModelConfig } from "../../lib/policy/config.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { randomParameters } from "../../lib/policy/parameters.ts";
import { createPrng } from "../../lib/random/prng.ts";
import type { DiskProbe } from "../../lib/files/durable_file.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { bytesOf } from "../../lib/files/fingerprint.ts";
import { openRunDirectory } from "../../lib/storage/run_directory.ts";
import { RunStore } from "../../lib/storage/run_store.ts";
import type { SeraOptions } from "../../lib/sera/config.ts";
import { runSera } from "../../lib/sera/run_sera.ts";
import { Crash, crashAt, inTemporaryFolder } from "./crash.ts";

const modelConfig: ModelConfig = {
  vocabSize: 24,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headDim: 8,
  ropeTheta: 10_000,
  rmsNormEps: 1e-5,
  maxPositions: 24,
  tieEmbeddings: true,
};

const EOS = 1;

/** Eight pairs: 70 % are 6; 2.4 and so 2 own pairs, from 6 prompts. */
const config: SeraOptions = {
  steps: 4,
  batch: 4,
  learningRate: 2e-2,
  warmup: 0.25,
  bootstrap: { promptFactor: 3, maxNewTokens: 12, batch: 12 },
  maxRows: 64,
};

const draw = createPrng(5, "pairs");
const ids = (length: number) => Int32Array.from({ length }, () => 2 + draw.integer(22));
const pairs: TokenizedPair[] = Array.from({ length: 10 }, (_, i) => ({
  id: String(i),
  promptIds: ids(3),
  chosenIds: Int32Array.of(...ids(4), EOS),
  rejectedIds: Int32Array.of(...ids(5), EOS),
}));

/**
 * Runs in a folder until the end or a crash; the results but for times, or undefined. What it says
 * is added to `said`.
 */
async function run(folder: string, probe?: DiskProbe, said: string[] = []) {
  using directory = openRunDirectory(folder, { test: 1 }, probe === undefined ? {} : { probe });
  const lora = {
    rank: 2,
    alpha: 4,
    dropout: 0.1,
    targetModules: ["q_proj", "v_proj", "down_proj"],
  };
  const reference = new LanguageModel(modelConfig, randomParameters(modelConfig, 3));
  const policy = reference.withLora(lora, 3);
  const store = new RunStore(directory, { checkpointSeconds: 0 });
  try {
    const { iterations, samples } = await runSera({
      policy,
      reference,
      pairs: pairs.slice(0, 8),
      heldOut: pairs.slice(8),
      stopTokenIds: [EOS],
      config,
      seed: 11,
      evaluation: {
        prompts: pairs.slice(8).map((pair) => pair.promptIds),
        ...{ samplesPerPrompt: 2, maxNewTokens: 6, batch: 4 },
        gold: { reward: (_, ids) => ids.length },
      },
      store,
      progress: { ...silentProgress, message: (text) => void said.push(text) },
    });
    const weights = [...await policy.snapshot()].map(([name, { data }]) =>
      [name, bytesOf(data as Float32Array<ArrayBuffer>).slice()] as const
    );
    const steps = store.steps(iterations.length);
    return {
      weights,
      samples,
      steps: steps.map(({ seconds: _, ...row }) => row),
      iterations: iterations.map(({ seconds: _, ...rest }) => rest),
    };
  } catch (error) {
    if (error instanceof Crash) return undefined;
    throw error;
  } finally {
    policy.dispose();
  }
}

Deno.test("SeRA crashed at many moments, one after the other, ends as an undisturbed run", async () => {
  await loadEngine();
  await inTemporaryFolder(async (quiet) => {
    const counter = crashAt(Infinity);
    const said: string[] = [];
    const expected = await run(quiet, counter.probe, said);
    assert.deepEqual(said, [], "nothing is continued");
    assert.ok(expected !== undefined);
    assert.equal(expected.steps.length, 12);
    assert.ok((expected.iterations[2]?.generated.length ?? 0) > 0, "nothing was bootstrapped");
    const operations = counter.count();
    assert.ok(operations > 100, `${operations} operations on the disk`);
    assert.deepEqual(await run(quiet), expected, "reading a finished run back");

    await inTemporaryFolder(async (folder) => {
      const prng = createPrng(7, "crashes");
      let crashes = 0;
      let result = undefined;
      while (result === undefined) {
        // Each life gets a random share of what an undisturbed run needs.
        const life = Math.round(operations * (0.05 + 0.2 * prng.uniform()));
        result = await run(folder, crashAt(life).probe, said).catch((error) => {
          if (error instanceof Crash) return undefined;
          throw error;
        });
        if (result === undefined) crashes++;
        assert.ok(crashes < 60, "the run does not get on");
      }
      assert.ok(crashes >= 4, `only ${crashes} crashes`);
      assert.deepEqual(result, expected);
      assert.match(said[0] ?? "", /^update of iteration [1-3]: continuing after step [1-3]$/);
    });
  });
});
