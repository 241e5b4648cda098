import type { FieldMap } from "../data/record_fields.ts";
import type { TextOrMessages } from "../data/preference.ts";

/** One preference of a published data set. */
export interface PairRow {
  readonly kind: "pair";
  readonly prompt: TextOrMessages;
  readonly chosen: TextOrMessages;
  readonly rejected: TextOrMessages;
  /** Score of chosen minus score of rejected, where the data set has scores. */
  readonly gap?: number;
  /** Whether noise exchanged the labels before, where the record says so. */
  readonly flipped?: boolean;
}

/** A response to imitate: the last turn of a conversation, or a text after a prompt. */
export interface DemonstrationRow {
  readonly kind: "demonstration";
  /** Empty text where the data set has whole texts only. */
  readonly prompt: TextOrMessages;
  readonly completion: TextOrMessages;
  /** Whether the two are one conversation, cut before its last answer; else the prompt is context. */
  readonly conversation?: true;
}

/** A record that is neither, and why. */
export interface DroppedRow {
  readonly kind: "dropped";
  /** The same words for the same cause: they are counted. */
  readonly reason: string;
}

/** What a record of a data set is. */
export type DatasetRow = PairRow | DemonstrationRow | DroppedRow;

/** How a published data set writes its records. */
export interface DatasetSchema {
  readonly name: string;
  /** Which data sets have it. */
  readonly description: string;
  /** Whether a record looks like one of these. */
  matches(fields: FieldMap): boolean;
  /**
   * @param where file and line, for messages
   * @throws {UserError} naming the field that is not what the schema says
   */
  read(where: string, fields: FieldMap): DatasetRow;
}
