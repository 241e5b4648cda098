/** Hours of a run, by hand; nothing here measures time. */
import assert from "node:assert/strict";
import { projectRoot } from "../../lib/engine/layout.ts";
import { costHours, type CostInputs, costTable } from "../../tools/bench/cost_estimate.ts";
import { estimateOptions } from "../../tools/bench/estimate.ts";

/** Round numbers: 1000 FLOP/s and 1000 bytes/s are reached. */
const inputs: CostInputs = {
  ...{ pairs: 1000, promptTokens: 10, responseTokens: 20, parameters: 5, cacheBytes: 2 },
  ...{ peak: 2000, utilisation: 0.5, bandwidth: 4000, bandwidthUtilisation: 0.25, decoded: 10 },
  ...{ gpus: 1, startSeconds: 36 },
};

const near = (actual: number, seconds: number) =>
  assert.ok(Math.abs(actual - seconds / 3600) < 1e-9, `${actual * 3600} s for ${seconds}`);

Deno.test("hours are those counted by hand: three iterations, 300 own pairs of 450 prompts", () => {
  const [dpo, irm, sera] = (["plain DPO", "IRM only", "SeRA"] as const)
    .map((method) => costHours(method, inputs)) as [
      ...[ReturnType<typeof costHours>, ReturnType<typeof costHours>],
      ReturnType<typeof costHours>,
    ];
  // 60 tokens per pair: 30 FLOP per token in an update, 10 in a forward pass.
  for (const { update } of [dpo, irm, sera]) near(update, 3 * 1000 * 60 * 30 / 1000);
  near(dpo.scoringGiven, 1000 * 60 * 10 / 1000); // the SFT model
  for (const { scoringGiven } of [irm, sera]) near(scoringGiven, 3 * 1000 * 60 * 10 / 1000);
  // 1800 responses twice; 20 steps each, ten side by side: 10 bytes of weights and 10 x 20 x 2.
  near(sera.generation, 2 * (1800 * 20 / 10 * 410 / 1000 + 1800 * 10 * 10 / 1000));
  // SFT and one policy in iteration 2, SFT and two policies in iteration 3.
  near(sera.scoringResponses, 5 * 1800 * 30 * 10 / 1000);
  assert.deepEqual([dpo.generation, irm.generation, irm.scoringResponses], [0, 0, 0]);
  for (const [{ serverStarts }, starts] of [[dpo, 1], [irm, 3], [sera, 8]] as const) {
    near(serverStarts, 36 * starts);
  }
  const eight = costHours("SeRA", { ...inputs, gpus: 8 });
  near(eight.total, 3600 * (sera.total - sera.serverStarts) / 8 + 36 * 8);
});

Deno.test("the table of docs/scale.md is what the options' defaults give", () => {
  const cells = (text: string) => text.replace(/-{3,}/g, "-").replace(/ +/g, " ").trim();
  const page = Deno.readTextFileSync(`${projectRoot}docs/scale.md`);
  const written = /<!-- hours: [^]*?-->\n([^]*?)<!-- end of hours -->/.exec(page)?.[1] ?? "";
  const defaults = Object.fromEntries(
    Object.entries(estimateOptions).map(([name, { default: value }]) => [name, value]),
  ) as unknown as CostInputs;
  assert.equal(cells(written), cells(costTable(defaults, [1, defaults.gpus])));
});
