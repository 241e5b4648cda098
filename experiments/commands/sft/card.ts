import { dropText } from "../../../lib/datasets/drop_counts.ts";
import type { Demonstration, Demonstrations } from "../../../lib/datasets/demonstrations.ts";
import type { LoraConfig } from "../../../lib/policy/lora.ts";
import { modelCardText } from "../../../lib/report/model_card.ts";
import type { Provenance } from "../../../lib/storage/provenance.ts";
import type { SupervisedConfig } from "../../../lib/training/supervised.ts";
import { cardVersions } from "../card_versions.ts";
import type { SftOptions } from "./options.ts";

/** The model card of a fine-tuned model. */
export function sftCard(run: {
  readonly options: SftOptions;
  readonly config: SupervisedConfig;
  readonly lora: LoraConfig | undefined;
  readonly read: Demonstrations;
  readonly train: readonly Demonstration[];
  readonly heldOut: readonly Demonstration[];
  readonly before: number | null;
  readonly after: number | null;
  readonly provenance: Provenance;
}): string {
  const { options, config, lora, read, train, heldOut, before, after } = run;
  const { schedule, steps, batch, optimiser } = config;
  const on = `${heldOut.length} held-out examples`;
  const metric = (name: string, value: number | null) =>
    value === null ? [] : [{ name: `${name}, nats per token`, value, on }];
  return modelCardText({
    ...{ base: options.model, data: options.data },
    kind: lora === undefined ? "weights" : "adapter",
    dataNotes: [
      `${read.read} records read, ${train.length} examples trained on, ${heldOut.length} held out`,
      `${read.truncated} completions cut`,
      ...(Object.keys(read.dropped).length === 0 ? [] : [`left out: ${dropText(read.dropped)}`]),
    ],
    method: `Supervised fine-tuning on ${
      options.trainOn === "all" ? "all tokens" : "the tokens of the responses"
    }, mean negative log-likelihood per token.`,
    tags: ["sft"],
    settings: [
      ["steps", String(steps)],
      ["examples per step", String(batch)],
      [
        "learning rate",
        `${schedule.peak}, ${schedule.name}, ${schedule.warmupSteps} warm-up steps`,
      ],
      ["AdamW weight decay", String(optimiser.weightDecay)],
      ...(lora === undefined ? [] : [
        ["LoRA", `rank ${lora.rank}, alpha ${lora.alpha}, dropout ${lora.dropout}`] as const,
        ["LoRA targets", lora.targetModules.join(", ")] as const,
      ]),
      ["seed", String(options.seed)],
    ],
    metrics: [...metric("loss before", before), ...metric("loss after", after)],
    commands: ["deno task sft --config config.yaml"],
    versions: cardVersions(run.provenance),
  });
}
