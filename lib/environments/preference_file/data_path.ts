import { existsSync } from "node:fs";
import { downloadDataset } from "../../policy/io/hub_dataset.ts";
import { type ProgressSink, silentProgress } from "../../progress/progress_sink.ts";
import { downloadProgress } from "./download_progress.ts";

/**
 * Where the data lies: a file or a folder of files as it is, a split of a data set on the hub
 * (`owner/name[@revision][:[folder/]split]`) after it was downloaded.
 *
 * @throws {UserError} as `downloadDataset`
 */
export async function dataPath(
  data: string,
  progress: ProgressSink = silentProgress,
): Promise<string> {
  if (existsSync(data) || !/^[\w-][\w.-]*\/[\w-][\w.-]*([@:][\w./:*-]*)?$/.test(data)) return data;
  return await downloadDataset(data, { onProgress: downloadProgress(progress) });
}
