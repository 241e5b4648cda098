import { fingerprintJson } from "../../files/fingerprint.ts";
import type { TextTokenizer } from "../../text/tokenizer.ts";
import type { ModelConfig } from "../config.ts";
import type { WeightSource } from "../weights.ts";

/** SHA-256 of a model's configuration, weights and tokenizer: `modelSha256` of records. */
export function modelFingerprint(
  { fingerprint, tokenizer }: Pick<ModelFiles, "fingerprint" | "tokenizer">,
): string {
  return fingerprintJson([fingerprint, tokenizer.fingerprint]);
}

/** A model as it lies on disk: weights are read when asked for. */
export interface ModelFiles {
  /** Shape of the model. */
  readonly config: ModelConfig;
  /** Names, shapes and values of its tensors. */
  readonly weights: WeightSource;
  /** Its tokenizer, with the chat template. */
  readonly tokenizer: TextTokenizer;
  /** SHA-256 over the configuration and the bytes of every weight file, in hex. */
  readonly fingerprint: string;
  /** Where it came from: a path, or `owner/name@commit`. */
  readonly origin: string;
  /** The small files to save beside retrained weights, by name: configuration and tokenizer. */
  readonly sourceFiles: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}
