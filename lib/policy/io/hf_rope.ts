import { UserError } from "../../errors.ts";
import type { RopeScaling } from "../config.ts";
import { fieldsOf } from "./fields.ts";

type Json = Readonly<Record<string, unknown>>;

/** What a `config.json` says of rotary embeddings. */
export interface HfRope {
  readonly theta: number;
  readonly scaling: RopeScaling | undefined;
  /** Share of a head's components that rotate; absent if not said. */
  readonly partialFactor: number | undefined;
}

/** Why a rope type of transformers is refused, by its name. */
const REFUSED: Readonly<Record<string, string>> = {
  longrope: "its frequencies follow the longest sequence of a batch, so a sequence's " +
    "log-probability would depend on its neighbours",
  proportional: "only Gemma 4 has it",
};

/**
 * Reads `rope_theta` and `rope_scaling`, or transformers 5's `rope_parameters`.
 *
 * @param base the file's name of the base: `rope_theta`, GPT-NeoX's `rotary_emb_base`
 * @throws {UserError} naming a rope type that is not supported
 */
export function parseRope(
  json: Json,
  maxPositions: number,
  origin: string,
  base: "rope_theta" | "rotary_emb_base" = "rope_theta",
): HfRope {
  const nested = (json.rope_parameters ?? json.rope_scaling ?? {}) as Json;
  if (typeof nested !== "object") throw new UserError(`${origin}: rope_scaling is not an object`);
  const fields = fieldsOf(nested, `${origin}: rope_scaling`);
  const theta = fieldsOf({ [base]: nested.rope_theta ?? json[base] }, origin).positive(base, 10000);
  const partialFactor = fields.has("partial_rotary_factor")
    ? fields.positive("partial_rotary_factor")
    : undefined;
  const type = fields.text("rope_type") ?? fields.text("type") ?? "default";
  const original = () => fields.count("original_max_position_embeddings", maxPositions);
  const scaling = (): RopeScaling | undefined => {
    switch (type) {
      case "default":
        return undefined;
      case "linear":
      case "dynamic":
        return { type, factor: fields.positive("factor") };
      case "llama3":
        return {
          type,
          factor: fields.positive("factor"),
          lowFreqFactor: fields.positive("low_freq_factor"),
          highFreqFactor: fields.positive("high_freq_factor"),
          originalMaxPositions: original(),
        };
      case "yarn": {
        const factor = fields.positive("factor", maxPositions / original());
        return {
          type,
          factor,
          originalMaxPositions: original(),
          betaFast: fields.positive("beta_fast", 32),
          betaSlow: fields.positive("beta_slow", 1),
          attentionFactor: fields.positive("attention_factor", yarnFactor(fields, factor)),
          truncate: fields.boolean("truncate", true),
        };
      }
      default: {
        const why = Object.hasOwn(REFUSED, type) ? `: ${REFUSED[type]}` : "";
        throw new UserError(
          `${origin}: rope_scaling "${type}" is not supported${why} (default, linear, dynamic, ` +
            "llama3 and yarn are)",
        );
      }
    }
  };
  return { theta, scaling: scaling(), partialFactor };
}

/** YaRN's factor on cosines and sines where the file has none of its own. */
function yarnFactor(fields: ReturnType<typeof fieldsOf>, factor: number): number {
  const scale = (mscale: number) => factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  if (!fields.has("mscale") || !fields.has("mscale_all_dim")) return scale(1);
  return scale(fields.positive("mscale")) / scale(fields.positive("mscale_all_dim"));
}

/** `rope_scaling` for transformers; null for plain frequencies. */
export function toHfRope(scaling: RopeScaling | undefined): Record<string, unknown> | null {
  switch (scaling?.type) {
    case undefined:
      return null;
    case "linear":
    case "dynamic":
      return { rope_type: scaling.type, type: scaling.type, factor: scaling.factor };
    case "llama3":
      return {
        rope_type: "llama3",
        factor: scaling.factor,
        low_freq_factor: scaling.lowFreqFactor,
        high_freq_factor: scaling.highFreqFactor,
        original_max_position_embeddings: scaling.originalMaxPositions,
      };
    case "yarn":
      return {
        rope_type: "yarn",
        factor: scaling.factor,
        original_max_position_embeddings: scaling.originalMaxPositions,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        attention_factor: scaling.attentionFactor,
        truncate: scaling.truncate,
      };
  }
}
