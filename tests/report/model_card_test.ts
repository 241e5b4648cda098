import assert from "node:assert/strict";
import { parse } from "yaml";
import { type ModelCard, modelCardText } from "../../lib/report/model_card.ts";

const CARD: ModelCard = {
  base: "owner/base@main",
  kind: "adapter",
  data: "owner/pairs:train",
  dataNotes: ["10 pairs read", "8 trained on"],
  method: "DPO.",
  tags: ["dpo"],
  settings: [["loss", "dpo | beta 0.1"]],
  metrics: [{ name: "accuracy", value: 0.123456, on: "2 held-out pairs" }],
  commands: ["deno task align --config config.yaml"],
  versions: [["SeRA suite", "1.0.0"]],
};

/** The front matter and the rest. */
function parts(card: ModelCard): { front: Record<string, unknown>; body: string } {
  const [, front = "", ...body] = modelCardText(card).split("---\n");
  return { front: parse(front), body: body.join("---\n") };
}

Deno.test("a card has base, data, method, metrics, commands and versions, as the hub reads them", () => {
  const { front, body } = parts(CARD);
  assert.deepEqual(front, {
    ...{ base_model: "owner/base", datasets: ["owner/pairs"], library_name: "peft" },
    ...{ pipeline_tag: "text-generation", tags: ["sera", "dpo", "lora"] },
  });
  assert.deepEqual([...body.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title), [
    ...["LoRA adapter from owner/base@main", "Data", "Settings", "Measured", "Repeat it"],
    "Versions",
  ]);
  assert.match(body, /`owner\/pairs:train`\n\n- 10 pairs read\n\n- 8 trained on/);
  assert.match(body, /\| loss \| dpo \\\| beta 0\.1 \|/);
  assert.match(body, /\| accuracy \| 0\.1235 \| 2 held-out pairs \|/);
  assert.match(body, /```sh\ndeno task align --config config\.yaml\n```/);
  assert.match(body, /\| SeRA suite \| 1\.0\.0 \|/);
});

Deno.test("a card of local files names no folder; without metrics it says so", () => {
  const { front, body } = parts({
    ...CARD,
    ...{ base: "/home/me/models/tiny/", data: "/home/me/pairs.jsonl", kind: "weights" },
    metrics: [],
  });
  assert.ok(!("base_model" in front) && !("datasets" in front));
  assert.equal(front.library_name, "transformers");
  assert.match(body, /# Model from tiny\n/);
  assert.match(body, /`pairs\.jsonl`/);
  assert.match(body, /nothing was measured/);
  assert.ok(!body.includes("/home"));
});
