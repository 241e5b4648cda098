import assert from "node:assert/strict";
import { table } from "arquero";
import { restedOn } from "../../lib/notebook/failed_cell.ts";
import {
  liveView,
  readParameters,
  say,
  show,
  showTable,
  showVerdicts,
} from "../../lib/notebook/mod.ts";
import { progressText } from "../../lib/notebook/progress.ts";
import { tableDisplay } from "../../lib/notebook/table.ts";
import type { ClaimResult } from "../../lib/study/judge_claims.ts";
import { contrast, EXAMPLES } from "../figures/rows.ts";
import { fakeKernel } from "./fake_kernel.ts";

Deno.test("a figure is one message with SVG, PNG, Vega-Lite v5 and text", async () => {
  const kernel = fakeKernel();
  await show(EXAMPLES.intervals?.()!, { id: "gamma", main: true }, kernel);
  assert.equal(kernel.messages.length, 1);
  const { data, metadata } = kernel.messages[0]!.content;
  assert.match(data["image/svg+xml"]!, /^<svg/);
  assert.match(data["image/png"]!, /^iVBORw0KGgo/);
  assert.match(data["text/plain"]!, /figure gamma: IRM selection/);
  assert.match(JSON.stringify(data["application/vnd.vegalite.v5+json"]), /vega-lite\/v5\.json/);
  const svgWidth = Number(data["image/svg+xml"]!.match(/ width="([\d.]+)"/)![1]);
  const size = metadata["image/png"] as { width: number };
  assert.ok(Math.abs(size.width - svgWidth) <= 1);
  assert.deepEqual(metadata["sera"], { figure: "gamma", main: true });
});

Deno.test("a table is HTML and aligned text, from rows and from arquero", async () => {
  const rows = [{ arm: "<SeRA> & co", gold: 1.23456, n: 6 }, { arm: "DPO", gold: -0.00012, n: 6 }];
  const kernel = fakeKernel();
  await showTable(rows, { caption: "gold" }, kernel);
  await showTable(
    table({ arm: ["<SeRA> & co", "DPO"], gold: [1.23456, -0.00012], n: [6, 6] }),
    { caption: "gold" },
    kernel,
  );
  const [first, second] = kernel.messages.map((message) => message.content.data);
  assert.deepEqual(second, first);
  assert.match(first!["text/html"]!, /&lt;SeRA&gt; &amp; co/);
  assert.equal(
    first!["text/plain"],
    "gold\narm               gold  n\n<SeRA> & co      1.235  6\nDPO          \u22120.000120  6",
  );
  assert.match(String(tableDisplay([]).data["text/plain"]), /no rows/);
  const settings = tableDisplay([{ value: 12000 }, { value: 0.00025 }]).data["text/plain"];
  assert.deepEqual(String(settings).match(/[\d.]+/g), ["12000", "0.00025"]);
});

Deno.test("verdicts carry words, signs and machine-readable outcomes", async () => {
  const kernel = fakeKernel();
  const contrasts = [contrast("a", [0.2, 0.25, 0.21]), contrast("b", [0.6, 0.7, 0.8])];
  const shares = [
    { collapsed: 0, baselineCollapsed: 0 },
    { collapsed: 1 / 3, baselineCollapsed: 0 },
  ];
  const results = contrasts.map((contrast, i) => ({
    claim: {
      ...{ id: `claim-${i}`, text: "IRM > random", smallestEffect: 0.1, seeds: 3 },
      ...(i === 0 ? { metric: "gold", exploratorySd: 0.01 } : { metric: "trainingSeconds" }),
      log: i === 1,
    },
    ...{ verdict: i === 0 ? "supported" : "undecided", adjustedP: 0.00001 },
    ...{ adjustedEquivalenceP: 0.24, contrast: { ...contrast, ...shares[i] } },
  })) as unknown as ClaimResult[];
  await showVerdicts(results, kernel);
  const { data, metadata } = kernel.messages[0]!.content;
  const numbers = [
    "gold +0.22 [+0.15, +0.29], 3 seeds, Holm p < 0.0001, equivalence p 0.24",
    "trainingSeconds \u00d72.01 [\u00d71.57, \u00d72.58], 3 seeds, Holm p < 0.0001, equivalence p 0.24, " +
    "collapsed: 33 % against 0 %",
  ];
  const outcomes = ["\u2713 supported", "? undecided"];
  const powers = [
    "SD planned 0.01, SD found 0.0265, power planned 99 %, power found 88 %",
    "SD planned -, SD found 0.1, power planned -, power found 17 %",
  ];
  const lines = String(data["text/plain"]).split("\n");
  assert.deepEqual(
    lines.slice(0, 2),
    numbers.map((each, i) => `${outcomes[i]}: IRM > random (${each}; ${powers[i]})`),
  );
  assert.match(lines[2] ?? "", /Undecided for want of power, .* 80 %: claim-1 \(17 %\)\.$/);
  assert.match(data["text/html"]!, /<td>99&nbsp;%<\/td><td>88&nbsp;%<\/td><\/tr>/);
  assert.match(data["text/html"]!, /<code>claim-1<\/code>/);
  assert.match(data["text/html"]!, /IRM &gt; random/);
  assert.deepEqual(metadata["sera"], {
    verdicts: numbers.map((each, i) => ({
      claim: "IRM > random",
      outcome: outcomes[i]?.slice(2),
      numbers: each,
    })),
  });
});

Deno.test("while what a page rests on has failed, displays give its reason, then work again", async () => {
  const kernel = fakeKernel();
  const open = (fails: boolean) =>
    restedOn("opening the study noise", () => {
      if (fails) throw new Error("no such preset");
      return 1;
    });
  assert.equal(open(false), 1);
  await say("shown", kernel);
  assert.throws(() => open(true), /no such preset/);
  const refused = {
    name: "UserError",
    message: "opening the study noise failed (no such preset); run its cell again, then this one",
  };
  await assert.rejects(say("stale", kernel), refused);
  await assert.rejects(liveView({ data: {} }, kernel), refused);
  open(false);
  assert.throws(() => readParameters({ seeds: 1 }, '{"sedes": 2}'));
  await assert.rejects(say("stale", kernel), { message: /reading the parameters failed/ });
  readParameters({ seeds: 1 }, '{"seeds": 2}');
  await say("shown again", kernel);
  assert.equal(kernel.messages.length, 2);
});

Deno.test("a live view draws at most 10 times a second and never loses the newest", async () => {
  const kernel = fakeKernel();
  const view = await liveView({ data: { "text/plain": "0" } }, kernel);
  for (let step = 1; step <= 60; step++) {
    view.update({ data: { "text/plain": String(step) } });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await view.flush();
  const texts = kernel.messages.map((message) => message.content.data["text/plain"]);
  assert.equal(texts[0], "0");
  assert.equal(texts.at(-1), "60");
  assert.ok(texts.length >= 3 && texts.length <= 8, `${texts.length} messages`);
  assert.equal(new Set(kernel.messages.map((m) => m.content.transient.display_id)).size, 1);
  kernel.messages.slice(1).forEach((message, index) => {
    assert.equal(message.type, "update_display_data");
    assert.ok(message.time - kernel.messages[index]!.time > 90);
  });
});

Deno.test("a progress text ends at 100 % without times, so that outputs are reproducible", () => {
  assert.match(
    progressText("runs", { done: 3, total: 12, secondsLeft: 35.2, label: "seed 3" }),
    /25 %, 3 of 12, 35 s left, seed 3$/,
  );
  assert.match(
    progressText("runs", { done: 12, total: 12, secondsLeft: 0, label: "x" }),
    /100 %, 12 of 12$/,
  );
});
