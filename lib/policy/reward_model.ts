import { breathe } from "../engine/breathe.ts";
import { engine, loadEngine } from "../engine/tensorflow.ts";
import { hiddenStates } from "./forward.ts";
import { openRewardFolder, type RewardFolder } from "./io/reward_folder.ts";
import { LanguageModel } from "./language_model.ts";
import { batchGroups, pack } from "./packing.ts";
import { loadParameters } from "./parameters.ts";

/** A model that scores texts: the higher, the better. */
export class RewardModel {
  readonly #folder: RewardFolder;
  readonly #model: LanguageModel;

  private constructor(folder: RewardFolder, model: LanguageModel) {
    this.#folder = folder;
    this.#model = model;
  }

  /**
   * Loads the engine and a reward model.
   *
   * @param path folder of a `LlamaForSequenceClassification`
   * @throws {UserError} naming the file, field or tensor that is wrong
   */
  static async load(path: string): Promise<RewardModel> {
    const folder = await openRewardFolder(path);
    await loadEngine();
    const parameters = await loadParameters(folder.config, folder.weights);
    return new RewardModel(folder, new LanguageModel(folder.config, parameters));
  }

  /** SHA-256 of configuration and weights. */
  get fingerprint(): string {
    return this.#folder.fingerprint;
  }

  /**
   * Tokens of one answer to one instruction, through the model's chat template; what exceeds its
   * context is cut from the end.
   *
   * @throws {UserError} where the model has no chat template
   */
  tokens(instruction: string, answer: string): { readonly ids: Int32Array; readonly cut: boolean } {
    const { tokenizer, padTokenId, config } = this.#folder;
    const text = tokenizer.applyChatTemplate([
      { role: "user", content: instruction },
      { role: "assistant", content: answer },
    ], { addGenerationPrompt: false });
    const all = tokenizer.encode(text);
    let length = all.length;
    while (length > 1 && all[length - 1] === padTokenId) length--;
    const kept = Math.min(length, config.maxPositions);
    return { ids: all.slice(0, kept), cut: kept < length };
  }

  /**
   * Scores of token sequences: the score head at the last token of each.
   *
   * @param maxRows most tokens in one pass: bounds memory
   * @param onBatch called after each pass with the sequences done so far
   */
  async scores(
    sequences: readonly Int32Array[],
    maxRows: number,
    onBatch: (done: number) => void = () => {},
  ): Promise<Float64Array> {
    const { tf } = engine();
    const { score } = this.#folder;
    const weights = this.#model.inferenceWeights();
    // A row predicts the token after it: one token more, which is never looked at, gives the last
    // token a row.
    const groups = sequences.map((ids) => ({
      promptIds: ids.slice(0, 1),
      completions: [Int32Array.of(...ids.subarray(1), 0)],
    }));
    const out = new Float64Array(sequences.length);
    let done = 0;
    for (const indices of batchGroups(groups, maxRows)) {
      const batch = pack(indices.map((i) => groups[i] as typeof groups[number]));
      const hidden = tf.tidy(() => {
        const { hidden, tape } = hiddenStates(weights, batch, false);
        tape.layout.dispose();
        return hidden.dataSync().slice() as Float32Array;
      });
      let row = -1;
      indices.forEach((index, s) => {
        row += batch.lengths[s] as number;
        out[index] = score.reduce(
          (sum, weight, d) => sum + weight * (hidden[row * score.length + d] as number),
          0,
        );
      });
      done += indices.length;
      onBatch(done);
      await breathe();
    }
    return out;
  }
}
