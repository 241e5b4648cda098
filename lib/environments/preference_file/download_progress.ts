import type { DownloadProgress } from "../../policy/io/hub.ts";
import type { ProgressSink } from "../../progress/progress_sink.ts";

/** One message per tenth of each file. */
export function downloadProgress(
  progress: ProgressSink,
): (state: DownloadProgress) => void {
  const told = new Map<string, number>();
  return ({ file, bytes, totalBytes }) => {
    const tenth = Math.floor(10 * bytes / Math.max(1, totalBytes));
    if (told.get(file) === tenth) return;
    told.set(file, tenth);
    progress.message(`downloading ${file}: ${10 * tenth} % of ${totalBytes} bytes`);
  };
}
