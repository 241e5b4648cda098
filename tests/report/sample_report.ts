import { createPrng } from "../../lib/random/prng.ts";
import { rankPairs } from "../../lib/report/suspects.ts";
import type { ReportInput } from "../../lib/report/report.ts";
import { sampleRecord } from "./sample_record.ts";

/** A made-up report with every section filled, hostile text included. */
export function sampleReport(stepsEach = 12): ReportInput {
  const prng = createPrng(3, "sample report");
  const selections = [2, 3].map((iteration) => {
    const margins = Array.from({ length: 51 }, () => 0.1 * iteration + 0.4 * prng.normal());
    const least = margins.toSorted((a, b) => b - a)[35] as number;
    return { iteration, margins, kept: margins.map((margin) => margin >= least) };
  });
  return {
    title: "SeRA (dpo) of SmolLM2-135M-Instruct.Q4_1.gguf on pairs.jsonl",
    record: sampleRecord(stepsEach),
    selections,
    crossFit: null,
    suspects: rankPairs(selections).map(({ index, ...place }) => ({
      ...{ ...place, id: `p${index}`, prompt: `Question ${index}?` },
      ...{ chosen: `Answer ${index} <b>of many</b> words`, rejected: "No." },
      source: { annotator: index % 3, note: "</article><script>x</script>" },
    })),
    examples: [
      {
        iteration: 2,
        prompt: "Write a page that greets the reader.",
        chosen: "Here it is:\n\n<script>alert('x')</script>\n<img src=x onerror=alert(1)>",
        rejected: 'I & you are "here". \u202eright to left\u202c ' + "long".repeat(600),
        chosenReward: 0.4312,
        rejectedReward: -0.127,
      },
      {
        iteration: 3,
        prompt: "What is the capital of France?",
        chosen: "The capital of France is Paris.",
        rejected: "France is a country in Europe, and its capital is the city of Lyon.",
        chosenReward: 1.2,
        rejectedReward: -0.6,
      },
    ],
    usage: { model: "models/Smol LM2/SmolLM2.gguf", result: "runs/a/adapter", kind: "adapter" },
  };
}
