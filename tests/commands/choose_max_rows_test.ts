import assert from "node:assert/strict";
import { join } from "node:path";
import { chooseMaxRows } from "../../experiments/commands/align/choose_max_rows.ts";
import { openRunDirectory } from "../../lib/storage/run_directory.ts";
import { passBytes, scoreBytes, weightBytes } from "../../lib/policy/memory.ts";
import { seraConfig, type SeraOptions } from "../../lib/sera/config.ts";
import { inTemporaryFolder } from "../storage/crash.ts";
import { TINY_CONFIG } from "../support/tiny_model.ts";

const ids = (n: number) => Int32Array.from({ length: n }, () => 1);
const pairs = Array.from({ length: 64 }, (_, i) => ({
  ...{ id: String(i), promptIds: ids(100), chosenIds: ids(150), rejectedIds: ids(150) },
}));
const opened = {
  ...{ files: { config: TINY_CONFIG }, lora: {}, pairs, setting: { maxNewTokens: 16 } },
} as unknown as Parameters<typeof chooseMaxRows>[0];
const engine = { backend: "tensorflow", device: "cpu", nativeOps: true } as Parameters<
  typeof chooseMaxRows
>[3];
/** Bytes that hold some hundreds of rows of the tiny model. */
const SHORT = 10e6;

Deno.test("rows are chosen by free memory, unless the user or the run that is continued says them", () =>
  inTemporaryFolder((out) => {
    const config = seraConfig({});
    const choose = (maxRows: number | undefined, available: number, force = false) =>
      chooseMaxRows(opened, { maxRows, out, force }, config, engine, available);
    assert.deepEqual(choose(undefined, 1e12), { maxRows: 4096 });
    const chosen = choose(undefined, SHORT);
    assert.ok(chosen.maxRows < 4096 && chosen.maxRows >= 400, String(chosen.maxRows));
    assert.match(chosen.note ?? "", /^--max-rows \d+ instead of 4096: /);
    assert.match(choose(4096, SHORT).warning ?? "", /--max-rows \d+ fits/);
    assert.equal(choose(4096, SHORT).maxRows, 4096);

    // The run goes on with its own rows, whatever is free now.
    openRunDirectory(out, { sera: { maxRows: 777 } }).close();
    assert.equal(choose(undefined, 1e12).maxRows, 777);
    assert.equal(choose(undefined, SHORT).maxRows, 777);
    assert.equal(choose(555, 1e12).maxRows, 555);
    assert.equal(choose(undefined, 1e12, true).maxRows, 4096, "--force starts anew");
  }));

Deno.test("where all weights train, their copies and the head's residuals count", () => {
  const config = seraConfig({});
  const options = { maxRows: undefined, out: join("no", "such", "folder"), force: false };
  const rows = (full: boolean, available: number) =>
    chooseMaxRows(
      full ? { ...opened, lora: undefined } : opened,
      ...[options, config, engine, available] as const,
    ).maxRows;
  const weights = weightBytes(TINY_CONFIG);
  const size = { rows: 600, longest: 250, fused: true, full: true };
  const needed = passBytes(TINY_CONFIG, size) / 0.9; // nine tenths of what is free are used
  assert.ok(Math.abs(rows(true, 7 * weights + needed) - 600) <= 1);
  assert.ok(rows(false, weights + needed) > 610, "adapters keep no residuals");
  const more = 4 * size.rows * TINY_CONFIG.vocabSize;
  assert.equal(
    passBytes(TINY_CONFIG, size) - more,
    passBytes(TINY_CONFIG, { ...size, full: false }),
  );
});

Deno.test("own pairs count with two responses of all their tokens, and batches that stay whole", () => {
  const options = { maxRows: undefined, out: join("no", "such", "folder"), force: false };
  /** Rows of what must be in one pass, as the warning tells them; none is enough memory for it. */
  const rows = (sera: SeraOptions, maxNewTokens = 1000, maxPositions = 4096) => {
    const files = { config: { ...TINY_CONFIG, maxPositions } };
    const model = { ...opened, files, setting: { maxNewTokens } } as unknown as typeof opened;
    const { warning = "" } = chooseMaxRows(model, options, seraConfig(sera), engine, 1e5);
    return Number(
      /has (\d+) tokens; lower --max-length(?: or --max-new-tokens)?$/.exec(warning)?.[1],
    );
  };
  const given = 99 + 2 * 150, own = 99 + 2 * 1000;
  assert.equal(rows({}), own);
  assert.equal(rows({}, 140), given, "given pairs are longer");
  assert.equal(rows({}, 1000, 600), 99 + 2 * 500, "no longer than the context");
  assert.equal(rows({ iterations: 1 }), given, "the first iteration has none");
  assert.equal(rows({ bootstrap: null }), given);
  assert.equal(rows({ loss: { name: "dr-dpo" }, batch: 8 }), 8 * own);
  assert.equal(rows({ loss: { name: "dr-dpo" }, batch: 8, bootstrap: null }), 8 * given);
  // Without fused kernels the scores of the longest sequence decide, own ones too.
  const files = { config: { ...TINY_CONFIG, maxPositions: 4096 } };
  const free = weightBytes(files.config) +
    scoreBytes(files.config, { rows: 1000, longest: 1000, fused: false });
  const scores = (maxNewTokens: number) => () =>
    chooseMaxRows(
      { ...opened, files, setting: { maxNewTokens } } as unknown as typeof opened,
      ...[options, seraConfig({}), { ...engine, nativeOps: false }, free] as const,
    );
  scores(800)();
  assert.throws(scores(1000), {
    name: "UserError",
    message: /2099 tokens; lower .* fused kernels/,
  });
});

Deno.test("wasm and GPU: an error, and no choice", () => {
  const config = seraConfig({});
  const options = { maxRows: undefined, out: join("no", "such", "folder"), force: false };
  assert.throws(
    () => chooseMaxRows(opened, options, config, { ...engine, backend: "wasm" }, 1e6),
    { name: "UserError", message: /lower --max-length or --max-new-tokens, or set up TensorFlow/ },
  );
  const gpu = chooseMaxRows(opened, options, config, { ...engine, device: "gpu" }, 1e6);
  assert.deepEqual(gpu, { maxRows: 4096 });
});

Deno.test("without fused kernels, 16,000 tokens are an error before the work; with them a warning", () => {
  const config = seraConfig({ bootstrap: null });
  const options = { maxRows: undefined, out: join("no", "such", "folder"), force: false };
  const long = { promptIds: ids(1000), chosenIds: ids(15_000), rejectedIds: ids(15_000) };
  const heads = { heads: 9, kvHeads: 3, headDim: 64, hiddenSize: 576, layers: 30 };
  const model = {
    ...{ files: { config: { ...TINY_CONFIG, ...heads, maxPositions: 16_000 } }, lora: {} },
    ...{ pairs: [...pairs, { id: "long", ...long }], setting: { maxNewTokens: 16 } },
  } as unknown as typeof opened;
  const choose = (nativeOps: boolean, available: number) =>
    chooseMaxRows(model, options, config, { ...engine, nativeOps }, available);
  assert.throws(() => choose(false, 64e9), {
    name: "UserError",
    message:
      /^an update takes about [\d.]+ GB of memory, and [\d.]+ GB are free: what must be in one pass has 30999 tokens; lower --max-length, or build the fused kernels: deno task setup$/,
  });
  assert.match(choose(true, 8e9).warning ?? "", /has 30999 tokens; lower --max-length$/);
  assert.deepEqual(choose(false, 1e13), { maxRows: 4096 });
});
