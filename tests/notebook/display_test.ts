import assert from "node:assert/strict";
import { table } from "arquero";
import { showFigure, showTable, showVerdict } from "../../lib/notebook/mod.ts";
import { liveView } from "../../lib/notebook/live.ts";
import { progressText } from "../../lib/notebook/progress.ts";
import { tableDisplay } from "../../lib/notebook/table.ts";
import { EXAMPLES } from "../figures/rows.ts";
import { fakeKernel } from "./fake_kernel.ts";

Deno.test("a figure is one message with SVG, PNG, Vega-Lite v5 and text", async () => {
  const kernel = fakeKernel();
  await showFigure(EXAMPLES.heatmap(), { id: "gamma", main: true }, kernel);
  assert.equal(kernel.messages.length, 1);
  const { data, metadata } = kernel.messages[0]!.content;
  assert.match(data["image/svg+xml"]!, /^<svg/);
  assert.match(data["image/png"]!, /^iVBORw0KGgo/);
  assert.match(data["text/plain"]!, /figure gamma: No effect/);
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
});

Deno.test("verdicts carry words, signs and machine-readable outcomes", async () => {
  const kernel = fakeKernel();
  const verdicts = [{
    claim: "IRM > random",
    outcome: "holds" as const,
    numbers: "+0.23 [0.16, 0.30]",
  }];
  await showVerdict(verdicts, kernel);
  const { data, metadata } = kernel.messages[0]!.content;
  assert.equal(data["text/plain"], "\u2713 holds: IRM > random (+0.23 [0.16, 0.30])");
  assert.match(data["text/html"]!, /IRM &gt; random/);
  assert.deepEqual(metadata["sera"], { verdicts });
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
