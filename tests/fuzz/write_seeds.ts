/** Writes tests/fuzz/seeds/, the sound files that `deno task fuzz` changes. Run: `deno run -A <this>`. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loraTensorName, saveLoraAdapter } from "../../lib/policy/io/peft.ts";
import type { HostTensor } from "../../lib/policy/io/safetensors_writer.ts";
import { encodeCheckpoint } from "../../lib/storage/checkpoint_file.ts";
import { recordLine } from "../../lib/study/record.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { recordOf, study } from "../study/sample_study.ts";
import { ggufBytes, tinyGgufMetadata, tinyGgufTensors } from "../support/tiny_gguf.ts";
import { makeTinyModelFolder, TINY_CONFIG } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

const folder = fileURLToPath(new URL("./seeds/", import.meta.url));
const write = (name: string, content: string | Uint8Array) =>
  Deno.writeFileSync(
    join(folder, name),
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );

await makeTinyModelFolder(folder, { seed: 1 });
const { table, data } = tinyGgufTensors(1);
write("tiny.gguf", ggufBytes(tinyGgufMetadata(), table, data));
const values = (size: number) => Float32Array.from({ length: size }, (_, i) => i / 64);
const tensors = new Map<string, HostTensor>();
for (const layer of [0, 1]) {
  tensors.set(loraTensorName(TINY_CONFIG, layer, "self_attn.k_proj", "A"), {
    shape: [1, 16],
    data: values(16),
  });
  tensors.set(loraTensorName(TINY_CONFIG, layer, "self_attn.k_proj", "B"), {
    shape: [8, 1],
    data: values(8),
  });
}
await saveLoraAdapter(folder, {
  ...{ rank: 1, alpha: 2, dropout: 0, baseModel: "tiny", targetModules: ["k_proj"], tensors },
});
write("standard.jsonl", jsonLines(tinyPairs(4, 1)));
const say = (role: string, content: string) => [{ role, content }];
write(
  "conversational.jsonl",
  jsonLines(
    ["yes", "no"].map((chosen, id) => ({
      id,
      prompt: say("user", "well?"),
      chosen: say("assistant", chosen),
      rejected: say("assistant", "hm"),
    })),
  ),
);
const [first] = planStudy(study, "quick");
if (first !== undefined) {
  const record = recordOf(first, [{ gold: 1, heldOutAccuracy: 0.5 }, { gold: 2, kl: 0.25 }]);
  write("record.jsonl", recordLine(record) + "\n");
}
const chunks = encodeCheckpoint({
  position: 3,
  tensors: new Map([["policy:a", { shape: [2, 3], data: values(6) }]]),
  state: { iteration: 1, step: 3 },
});
write("checkpoint.safetensors", new Uint8Array(await new Blob(chunks).arrayBuffer()));
