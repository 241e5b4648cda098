import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { writeDurably } from "../../files/durable_file.ts";
import { fingerprintFile, fingerprintJson } from "../../files/fingerprint.ts";
import type { ModelConfig } from "../config.ts";
import { loraBlocks, loraModules } from "../lora.ts";
import { layerPrefix } from "../parameter_slots.ts";
import { fieldsOf } from "./fields.ts";
import { checkInFolder, readJsonObject } from "./files.ts";
import { HUB_ID } from "./hub.ts";
import { openSafetensors } from "./safetensors.ts";
import { type HostTensor, writeSafetensors } from "./safetensors_writer.ts";
import { finiteWeights } from "./validated_weights.ts";

/** A LoRA adapter in PEFT's terms: W + (alpha / rank) B A. */
export interface LoraAdapterFile {
  readonly rank: number;
  readonly alpha: number;
  /** Dropout probability on the adapter's input in training. */
  readonly dropout: number;
  /** Names of the adapted linear layers: "q_proj", "down_proj", ... */
  readonly targetModules: readonly string[];
  /** Path or hub id of the model it was trained on. */
  readonly baseModel: string;
  /** By `loraTensorName`: A is [rank, in], B is [out, rank]. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";

/**
 * SHA-256 of an adapter's two files: `adapterSha256` of records.
 *
 * @throws {UserError} where one cannot be read
 */
export function adapterFingerprint(dir: string): string {
  return fingerprintJson([CONFIG, WEIGHTS].map((name) => fingerprintFile(join(dir, name))));
}

/**
 * PEFT's name of an adapter tensor:
 * `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`.
 *
 * @param module as in `fusedProjections`: `self_attn.q_proj`
 */
export function loraTensorName(
  config: ModelConfig,
  layer: number,
  module: string,
  part: "A" | "B",
): string {
  return `base_model.model.${layerPrefix(config, layer)}.${module}.lora_${part}.weight`;
}

/** Saves an adapter as PEFT's adapter_config.json and adapter_model.safetensors (float32). */
export async function saveLoraAdapter(dir: string, adapter: LoraAdapterFile): Promise<void> {
  await writeSafetensors(join(dir, WEIGHTS), adapter.tensors);
  const [, hubId, revision] = HUB_ID.exec(adapter.baseModel) ?? [];
  const config = {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: hubId ?? adapter.baseModel,
    ...(revision !== undefined && { revision }),
    r: adapter.rank,
    lora_alpha: adapter.alpha,
    lora_dropout: adapter.dropout,
    target_modules: [...adapter.targetModules].sort(),
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    modules_to_save: null,
    rank_pattern: {},
    alpha_pattern: {},
    use_dora: false,
    use_rslora: false,
  };
  const text = JSON.stringify(config, null, 2) + "\n";
  writeDurably(join(dir, CONFIG), [new TextEncoder().encode(text)]);
}

/**
 * Loads an adapter that PEFT or `saveLoraAdapter` wrote, and checks it against the model.
 *
 * Throws `UserError` naming the file and the field or tensor: another adapter type, a variant of
 * LoRA that would compute something else, a missing, misshapen or unexpected tensor.
 */
export async function loadLoraAdapter(dir: string, model: ModelConfig): Promise<LoraAdapterFile> {
  const configPath = join(dir, CONFIG);
  const json = await readJsonObject(configPath);
  const fields = fieldsOf(json, configPath);
  checkVariant(json, configPath);
  const rank = fields.count("r");
  const targetModules = targetsOf(json.target_modules, loraModules(model), configPath);
  const path = join(dir, WEIGHTS);
  await checkInFolder(dir, WEIGHTS);
  const weights = finiteWeights(await openSafetensors(path));
  const expected = expectedShapes(model, rank, targetModules);
  const tensors = new Map<string, HostTensor>();
  for (const [name, shape] of expected) {
    const found = weights.shape(name);
    if (found.join() !== shape.join()) {
      throw new UserError(
        `${path}: tensor "${name}" is [${found}], but the model with rank ${rank} needs [${shape}]`,
      );
    }
    tensors.set(name, { shape, data: await weights.read(name) });
  }
  const extra = weights.names.find((name) => !expected.has(name));
  if (extra !== undefined) {
    throw new UserError(`${path}: tensor "${extra}" does not belong to [${targetModules}]`);
  }
  return {
    rank,
    alpha: fields.positive("lora_alpha"),
    dropout: dropoutOf(json.lora_dropout, configPath),
    targetModules,
    baseModel: [fields.text("base_model_name_or_path") ?? "", fields.text("revision")]
      .filter((part) => part !== undefined).join("@"),
    tensors,
  };
}

/** Shapes of an adapter's tensors, by name. */
function expectedShapes(
  model: ModelConfig,
  rank: number,
  targetModules: readonly string[],
): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const blocks = loraBlocks(model, { rank, alpha: rank, dropout: 0, targetModules });
  for (let layer = 0; layer < model.layers; layer++) {
    for (const { module, inputs, width } of blocks) {
      shapes.set(loraTensorName(model, layer, module, "A"), [rank, inputs]);
      shapes.set(loraTensorName(model, layer, module, "B"), [width, rank]);
    }
  }
  return shapes;
}

/** Values of `init_lora_weights` under which the adapter belongs to the base model as it is. */
const KEEPS_THE_BASE: readonly unknown[] = [true, false, "gaussian", "eva", "orthogonal"];

function checkVariant(json: Readonly<Record<string, unknown>>, origin: string): void {
  if (json.peft_type !== "LORA") {
    throw new UserError(
      `${origin}: peft_type ${JSON.stringify(json.peft_type ?? null)} is not supported (LORA is)`,
    );
  }
  const isEmpty = (value: unknown) =>
    value === undefined || value === null || value === false || value === "none" ||
    (typeof value === "object" && Object.keys(value).length === 0);
  const variant = [
    "bias",
    "use_dora",
    "use_rslora",
    "fan_in_fan_out",
    "rank_pattern",
    "alpha_pattern",
    "modules_to_save",
    "layers_to_transform",
    "exclude_modules",
    "target_parameters",
    "trainable_token_indices",
    "lora_bias",
    "layer_replication",
    "alora_invocation_tokens",
    "use_qalora",
    "use_bdlora",
  ].find((key) => !isEmpty(json[key]));
  if (variant !== undefined) {
    throw new UserError(`${origin}: ${variant} ${JSON.stringify(json[variant])} is not supported`);
  }
  const initial = json.init_lora_weights ?? true;
  if (!KEEPS_THE_BASE.includes(initial)) {
    throw new UserError(
      `${origin}: init_lora_weights ${
        JSON.stringify(initial)
      } is not supported: PEFT changes the ` +
        "base model's weights with it (pissa, olora, corda, loftq); convert the adapter to plain " +
        "LoRA first (save_pretrained with path_initial_model_for_weight_conversion)",
    );
  }
}

function targetsOf(value: unknown, known: readonly string[], origin: string): string[] {
  const names = value === "all-linear" ? known : value;
  if (!Array.isArray(names) || names.length === 0) {
    throw new UserError(
      `${origin}: target_modules ${JSON.stringify(value ?? null)} is not a list of layers`,
    );
  }
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) {
    throw new UserError(
      `${origin}: target_modules holds ${JSON.stringify(wrong)} (${known.join(", ")} are known)`,
    );
  }
  return known.filter((name) => names.includes(name));
}

function dropoutOf(value: unknown, origin: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === "number" && value >= 0 && value < 1) return value;
  throw new UserError(`${origin}: lora_dropout ${JSON.stringify(value)} is not in [0, 1)`);
}
