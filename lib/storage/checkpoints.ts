import { messageOf } from "../errors.ts";
import type { Artefacts } from "./artefacts.ts";
import {
  type Checkpoint,
  CorruptCheckpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from "./checkpoint_file.ts";

const FOLDER = "checkpoints";
const KEPT = 2;

/**
 * The last checkpoints of a run, or of one named part of it (`fold-0`): an older one goes only when
 * a newer one is durable.
 */
export class Checkpoints {
  readonly #artefacts: Artefacts;
  readonly #prefix: string;

  constructor(artefacts: Artefacts, part = "") {
    this.#artefacts = artefacts;
    this.#prefix = `${FOLDER}/${part === "" ? "" : `${part}-`}`;
  }

  /**
   * Writes a checkpoint durably, then removes all but the last two. Those of later positions, which
   * belong to what is being done again, go first.
   *
   * @throws {UserError} if the disk is full (the earlier ones are still there)
   * @throws {RangeError} if the position is no whole number or a shape does not fit
   */
  save(checkpoint: Checkpoint): void {
    const { position } = checkpoint;
    if (!Number.isSafeInteger(position) || position < 0) {
      throw new RangeError(`a checkpoint's position must be a whole number, got ${position}`);
    }
    const name = `${this.#prefix}${String(position).padStart(10, "0")}.safetensors`;
    for (const later of this.#names().filter((each) => each > name)) this.#artefacts.remove(later);
    this.#artefacts.writeBytes(name, encodeCheckpoint(checkpoint));
    for (const old of this.#names().slice(KEPT)) this.#artefacts.remove(old);
  }

  /**
   * The newest whole checkpoint; `undefined` if there is none. A corrupt one is removed, with a
   * warning, and the one before it taken.
   */
  loadLatest(warn: (message: string) => void): Checkpoint | undefined {
    for (const name of this.#names()) {
      try {
        return decodeCheckpoint(this.#artefacts.readBytes(name));
      } catch (error) {
        if (!(error instanceof CorruptCheckpoint)) throw error;
        warn(
          `checkpoint ${this.#artefacts.path(name)} is corrupt (${messageOf(error)}); ` +
            "going back to the one before it",
        );
        this.#artefacts.remove(name);
      }
    }
    return undefined;
  }

  /** Removes the checkpoints of all parts: a finished run needs none. */
  clear(): void {
    for (const name of this.#artefacts.list(FOLDER)) {
      if (/\d{10}\.safetensors$/.test(name)) this.#artefacts.remove(name);
    }
  }

  /** Newest first. */
  #names(): string[] {
    return this.#artefacts.list(FOLDER).filter((name) =>
      name.startsWith(this.#prefix) &&
      /^\d{10}\.safetensors$/.test(name.slice(this.#prefix.length))
    ).reverse();
  }
}
