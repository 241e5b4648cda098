import { stringify } from "yaml";

/** What a model card says. */
export interface ModelCard {
  /** The base model, a hub id or the last part of a path. */
  readonly base: string;
  readonly kind: "adapter" | "weights";
  /** The data, a hub id or the last part of a path, and its counts in words. */
  readonly data: string;
  readonly dataNotes: readonly string[];
  /** One paragraph: how it was trained. */
  readonly method: string;
  /** TRL's names of the methods: `sft`, `dpo`. */
  readonly tags: readonly string[];
  /** Settings worth reading, in order. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Measured on held-out data; empty where nothing was. */
  readonly metrics: readonly CardMetric[];
  /** The commands that repeat it. */
  readonly commands: readonly string[];
  /** Name and version. */
  readonly versions: readonly (readonly [name: string, version: string])[];
}

/** One measured figure. */
export interface CardMetric {
  readonly name: string;
  readonly value: number;
  /** What it was measured on, with n. */
  readonly on: string;
}

/** `owner/name` is on the hub and may stand in front matter; a path means nothing to others. */
const HUB_ID = /^[\w-][\w.-]*\/[\w-][\w.-]*(?=$|[@:])/;

/** A model's `README.md` as the hub reads it: YAML front matter, then Markdown. */
export function modelCardText(card: ModelCard): string {
  const [base] = HUB_ID.exec(card.base) ?? [], [data] = HUB_ID.exec(card.data) ?? [];
  const front = {
    ...(base !== undefined && { base_model: base }),
    ...(data !== undefined && { datasets: [data] }),
    ...(card.kind === "adapter" && { library_name: "peft" }),
    ...(card.kind === "weights" && { library_name: "transformers" }),
    pipeline_tag: "text-generation",
    tags: ["sera", ...card.tags, ...(card.kind === "adapter" ? ["lora"] : [])],
  };
  const table = (rows: readonly (readonly [string, string])[]) =>
    ["| | |", "| --- | --- |", ...rows.map(([a, b]) => `| ${cell(a)} | ${cell(b)} |`)].join("\n");
  const metrics = card.metrics.map(({ name, value, on }) =>
    `| ${cell(name)} | ${Number(value.toPrecision(4))} | ${cell(on)} |`
  );
  return [
    `---\n${stringify(front)}---`,
    `# ${card.kind === "adapter" ? "LoRA adapter" : "Model"} from ${lastPart(card.base)}`,
    card.method,
    "## Data",
    [`\`${lastPart(card.data)}\``, ...card.dataNotes.map((note) => `- ${note}`)].join("\n\n"),
    "## Settings",
    table(card.settings),
    "## Measured",
    metrics.length === 0
      ? "Nothing was held out, so nothing was measured."
      : ["| metric | value | on |", "| --- | --- | --- |", ...metrics].join("\n"),
    "## Repeat it",
    `\`\`\`sh\n${card.commands.join("\n")}\n\`\`\``,
    "## Versions",
    table(card.versions),
  ].join("\n\n") + "\n";
}

/** A hub id whole, of a path the last part: folders are nobody's business. */
function lastPart(path: string): string {
  return HUB_ID.test(path) ? path : path.replace(/\/+$/, "").split("/").at(-1) as string;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
