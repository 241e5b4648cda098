import { PUBLISHED } from "../../../lib/study/open_study.ts";
import {
  openRecords,
  type RecordOptions,
  type RecordStore,
} from "../../../lib/study/record_store.ts";

/**
 * The records that runs are added to. A damaged line is told and counts as absent, so that its run
 * is done again; among published records it is an error: version control restores those.
 *
 * @param tell told of damaged lines
 * @throws {UserError} naming a damaged line of the published records
 */
export function openOwnRecords(
  folder: string,
  tell: (message: string) => void,
  options: Pick<RecordOptions, "writable"> = {},
): RecordStore {
  const onDamaged = (message: string) => tell(`warning: ${message}`);
  return openRecords(folder, { ...options, ...(folder !== PUBLISHED && { onDamaged }) });
}
