/** A model and an adapter of each architecture, for `architecture_adapters_check.py`. */
import { join } from "node:path";
import { parseHfConfig } from "../../lib/policy/io/hf_config.ts";
import { saveLoraAdapter } from "../../lib/policy/io/peft.ts";
import { saveModelFolder } from "../../lib/policy/io/save.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { adapterFile } from "../../lib/policy/load_policy.ts";
import { buildLora, loraModules } from "../../lib/policy/lora.ts";
import { exportParameters } from "../../lib/policy/parameters.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { groupOf } from "../../lib/training/update.ts";
import { mixed, mixedModel } from "../../tests/parity/mixed_weights.ts";
import { type ReferencePair, tokenizedPair, valuesFolder } from "../../tests/parity/references.ts";

/** Writes `NAME/model`, `NAME/adapter` and `NAME/sequences.json` for each case. */
export async function writeArchitectureAdapters(folder: string): Promise<void> {
  const cases = `${valuesFolder}/architectures`;
  for await (const { name: file } of Deno.readDir(cases)) {
    const name = file.replace(/\.json$/, "");
    const json = JSON.parse(await Deno.readTextFile(join(cases, file)));
    if (json.config === undefined) continue; // the rope types
    const base = await mixedModel(parseHfConfig(json.config, name));
    const { config } = base;
    const lora = { rank: 3, alpha: 5, dropout: 0, targetModules: loraModules(config) };
    const layers = buildLora(config, lora, (layer, { module, inputs, width }) => ({
      a: mixed(`A ${layer} ${module}`, lora.rank * inputs, 1),
      b: mixed(`B ${layer} ${module}`, width * lora.rank, 1),
    }));
    const model = new LanguageModel(config, base.base, { config: lora, layers });
    const into = (part: string) => join(folder, name, part);
    await Deno.mkdir(into("model"), { recursive: true });
    await Deno.mkdir(into("adapter"));
    const source = new TextEncoder().encode(JSON.stringify(json.config));
    const files = new Map([["config.json", source]]);
    await saveModelFolder(into("model"), config, await exportParameters(config, base.base), files);
    await saveLoraAdapter(into("adapter"), await adapterFile(model, into("model")));
    const groups = (json.pairs as ReferencePair[]).map(tokenizedPair).map(groupOf);
    const sums = await sequenceLogps(model, groups);
    const rows = groups.flatMap(({ promptIds, completions }, i) =>
      completions.map((completion, side) => ({
        prompt: [...promptIds],
        completion: [...completion],
        logp: sums[i]![side]!,
      }))
    );
    await Deno.writeTextFile(into("sequences.json"), JSON.stringify(rows));
  }
}
