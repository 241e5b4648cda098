import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { renderReport } from "../../lib/report/report.ts";
import { escapeHtml } from "../../lib/plain_text.ts";
import { html, trustedHtml } from "../../lib/report/html.ts";
import { marginHistogram } from "../../lib/report/margin_histogram.ts";
import { MOST_CARDS, suspectCards } from "../../lib/report/suspect_cards.ts";
import type { Suspect } from "../../lib/report/suspects.ts";
import { shellWord, usageSection } from "../../lib/report/usage.ts";
import { metricNames, metrics } from "../../lib/metrics/metrics.ts";
import { sampleRecord } from "./sample_record.ts";
import { sampleReport } from "./sample_report.ts";

Deno.test("the same input gives the same bytes", async () => {
  const [first, second] = await Promise.all([0, 1].map(() => renderReport(sampleReport())));
  assert.equal(first, second);
  assert.equal(await renderReport(sampleReport()), first);
});

Deno.test("a report has its sections and asks nothing of any server", async () => {
  const page = await renderReport(sampleReport());
  const headings = [...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map((match) => match[1]);
  assert.deepEqual(headings, [
    "Warnings",
    "Labels in doubt",
    "Training",
    "Iterations",
    "Selection",
    "Pairs the policy wrote",
    "Time",
    "How to use the result",
    "Files of the run",
    "Config",
    "Data, code and machine",
  ]);
  for (const chart of ["Loss", "Reward margin", "Accuracy", "Log-probabilities", "Gradient norm"]) {
    assert.ok(page.includes(`<h3>${chart}</h3>`), chart);
  }
  const urls = page.match(/\bhttps?:\/\/[^\s"'<]+/g) ?? [];
  assert.deepEqual([...new Set(urls)].sort(), [
    "http://www.w3.org/1999/xlink",
    "http://www.w3.org/2000/svg",
  ]);
  assert.equal(page.match(/<script\b/g)?.length, 1);
  const script = /<script>([^]*?)<\/script>/.exec(page)?.[1] ?? "";
  const hash = createHash("sha256").update(script).digest("base64");
  assert.ok(page.includes(`script-src 'sha256-${hash}'`), "the policy allows this script alone");
  assert.ok(!/<(link|img|iframe|object|use)\b|\bon\w+="|url\(|@import/i.test(page));
});

Deno.test("what the data left out is told by its reason", async () => {
  const page = (await renderReport(sampleReport())).replaceAll(/<[^>]*>/g, " ");
  assert.match(page, /skipped, with chosen = rejected\s+1\s+skipped, with an empty answer\s+1\s/);
});

Deno.test("every chart has a text for those who cannot see it, and no two elements share an id", async () => {
  const page = await renderReport(sampleReport());
  const charts = page.match(/<svg [^>]*>/g) ?? [];
  assert.ok(charts.length >= 14, `${charts.length} charts`);
  for (const tag of charts) assert.match(tag, /role="img" aria-label="[^"]{20,}"/);
  assert.match(page, /aria-label="Loss over steps: train from 0\.\d+ to 0\.\d+, held-out \(dots\)/);
  const ids = page.match(/\bid="[^"]*"/g) ?? [];
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("what a model or a file says never becomes markup", async () => {
  const evil = `</style></title><script>x</script>"'><svg onload=x>`;
  const input = sampleReport();
  const page = await renderReport({
    ...input,
    title: evil,
    record: {
      ...input.record,
      config: { [evil]: evil, nested: { list: [evil] } },
      warnings: [{ signature: "collapse", iteration: 1, detail: evil }],
      machine: { ...input.record.machine, cpu: evil },
    },
    examples: input.examples.map((each) => ({
      ...each,
      prompt: evil,
      chosen: evil,
      rejected: evil,
    })),
    usage: { model: evil, result: evil, kind: "adapter" },
  });
  assert.equal(page.match(/<script/g)?.length, 1, "the report's own");
  assert.ok(!page.includes("<svg onload"));
  assert.equal(page.match(/<\/style>/g)?.length, 1);
  assert.equal(page.match(/<\/title>/g)?.length, 1);
  assert.ok(page.split("&lt;script&gt;x&lt;/script&gt;").length > 10);
});

Deno.test("the pairs in doubt are cards, the lowest margin first, with what margins are worth", async () => {
  const input = sampleReport();
  const page = await renderReport(input);
  const cards = [
    ...page.matchAll(
      /<article\s+data-rank="\d+"\s+data-longer="-?\d+"\s+data-margin2="[^"]+"\s+data-margin3="([^"]+)"/g,
    ),
  ];
  assert.equal(cards.length, 51);
  const margins = cards.map((card) => Number(card[1]));
  assert.deepEqual(margins, margins.toSorted((a, b) => a - b));
  assert.match(page, /Answer \d+ &lt;b&gt;of many/);
  assert.match(
    page,
    /in-sample: the policy was trained on the very labels[^]*<code>--cross-fit 5<\/code>/,
  );
  assert.match(page, /annotator: \d; note: &lt;\/article&gt;/);
  const audited = {
    ...input,
    crossFit: 5,
    record: {
      ...input.record,
      iterations: input.record.iterations.map((each) => ({ ...each, marginAuc: 0.8123 })),
    },
  };
  assert.match(await renderReport(audited), /cross-fitted in 5 folds[^]*AUC 0\.812/);
  const sound = input.record.iterations.map((each) => ({ ...each, flippedAll: 0 }));
  assert.match(
    await renderReport({ ...input, record: { ...input.record, iterations: sound } }),
    /The data say that none of these labels was flipped/,
  );
  assert.ok(!(await renderReport({ ...input, suspects: [] })).includes("Labels in doubt"));
});

Deno.test("labels, units and texts of the iterations are the table's", async () => {
  const page = await renderReport(sampleReport());
  const rows = [...page.matchAll(/<tr><th scope="row">(.*?)<\/tr>/gs)].map((match) =>
    match[1] ?? ""
  );
  const measured = metricNames.filter((name) =>
    (sampleRecord().iterations[2]?.[name] ?? null) !== null
  );
  for (const name of measured) {
    const { label, unit, text } = metrics[name];
    const row = rows.find((each) => each.startsWith(`${escapeHtml(label)} <span`));
    assert.ok(row?.includes(`>${unit}`) && row.includes(escapeHtml(text)), name);
  }
  assert.match(
    rows.find((each) => each.startsWith("KL")) ?? "",
    /0\.000<\/td>.*0\.900<.*1\.800<.*2\.700</s,
  );
  const row = (start: string) => rows.find((each) => each.startsWith(start)) ?? "";
  assert.match(row("held-out accuracy"), />share, n = 13</, "an accuracy says of how many");
  assert.match(row("offline pairs"), />51<.*>36<.*>36</s, "counts are whole numbers");
  assert.match(page, /held-out accuracy, first and last iteration \(n = 13 pairs\)/);
  assert.ok(rows.every((each) => !each.startsWith("gold")), "what was not measured has no row");
});

Deno.test("escaping", () => {
  assert.equal(
    escapeHtml(`<a href="x">'&\t\n\0\x1b\u0085`),
    "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\t\n\ufffd\ufffd\ufffd",
  );
  assert.equal(escapeHtml("\ud800 alone"), "\ufffd alone");
  assert.equal(escapeHtml("a\u202etxt.exe\u2066b"), "a\ufffdtxt.exe\ufffdb");
  const list = ["<", ">"].map((each) => html`<li>${each}</li>`);
  assert.equal(
    html`<ul>${list}${undefined}${trustedHtml("<br>")}${3}</ul>`.text,
    "<ul><li>&lt;</li><li>&gt;</li><br>3</ul>",
  );
});

Deno.test("a plain run of one iteration, and one that never made a step, have their report too", async () => {
  const input = sampleReport();
  const plain = {
    ...input,
    selections: [],
    examples: [],
    record: {
      ...input.record,
      steps: input.record.steps.slice(0, 1),
      iterations: input.record.iterations.slice(0, 1),
      warnings: [],
    },
  };
  const page = await renderReport(plain);
  assert.ok(!page.includes("<h2>Selection</h2>"));
  assert.match(page, /No failure signature was seen/);
  const none = { ...plain, record: { ...plain.record, steps: [], iterations: [] } };
  assert.match(await renderReport(none), /not measured/);
});

Deno.test("the commands quote what a shell would split, and fit the kind of result", () => {
  assert.equal(shellWord("a b'c"), `'a b'\\''c'`);
  assert.equal(shellWord("runs/a-1/model.gguf"), "runs/a-1/model.gguf");
  const adapter =
    usageSection({ model: "m/x.gguf", result: "runs/a/adapter", kind: "adapter" }).text;
  assert.match(adapter, /task generate --model m\/x\.gguf --adapter runs\/a\/adapter --prompts/);
  assert.match(adapter, /from_pretrained\(&quot;m&quot;, gguf_file=&quot;x\.gguf&quot;\)/);
  for (
    const [model, base] of [
      ["owner/name@v1.0", "&quot;owner/name&quot;, revision=&quot;v1.0&quot;"],
      ["owner/name", "&quot;owner/name&quot;"],
      ["/home/me/a@b", "&quot;/home/me/a@b&quot;"],
    ] as const
  ) {
    const { text } = usageSection({ model, result: "runs/a/adapter", kind: "adapter" });
    assert.ok(text.includes(`AutoModelForCausalLM.from_pretrained(${base})\n`), text);
    assert.ok(text.includes(`--model ${model} --adapter`));
  }
  const full = usageSection({ model: "m", result: "runs/a/weights", kind: "weights" }).text;
  assert.match(full, /task score --model runs\/a\/weights --reference m --data/);
});

Deno.test("a histogram counts every pair once, whatever the margins are", () => {
  const cases = [
    [0.5],
    [2, 2, 2],
    [-3, -1, 0, 0, 4.5],
    Array.from({ length: 99 }, (_, i) => i / 7),
  ];
  for (const margins of cases) {
    const kept = margins.map((_, i) => i % 3 === 0);
    const { view } = marginHistogram({ iteration: 2, margins, kept });
    const { values } = (view.layer as { data: { values: Bin[] } }[])[0]!.data;
    const count = (group: string) =>
      values.filter((bin) => bin.group === group).reduce((sum, bin) => sum + bin.pairs, 0);
    assert.equal(count("kept"), kept.filter(Boolean).length);
    assert.equal(count("left out"), kept.filter((each) => !each).length);
    assert.ok(values.every(({ from, to }) => Number.isFinite(from) && to > from));
  }
});

interface Bin {
  readonly group: string;
  readonly pairs: number;
  readonly from: number;
  readonly to: number;
}

Deno.test("the highest margins are offered only where every pair has a card", () => {
  const [suspect] = sampleReport().suspects as [Suspect];
  const pageOf = (pairs: number) =>
    suspectCards(
      Array.from({ length: pairs }, (_, i) => ({ ...suspect, rank: i + 1 })),
      "",
      "suspects.jsonl",
    ).text;
  assert.match(pageOf(MOST_CARDS), /The lowest come first; all pairs[^]*>highest margin</);
  const more = pageOf(MOST_CARDS + 1);
  assert.match(
    more,
    /These are the 100 lowest, and search and sorting look at no others; all pairs/,
  );
  assert.doesNotMatch(more, /highest margin/);
});
