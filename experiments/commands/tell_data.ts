import { basename } from "node:path";
import type { PreferenceFile } from "../../lib/data/read_preferences.ts";
import { type DataSummary, formatSummary, summarizeData } from "../../lib/data/summary.ts";
import type { TokenizedPairs } from "../../lib/data/tokenize_pairs.ts";
import type { ProgressSink } from "../../lib/progress/progress_sink.ts";

/** Says what data was read, a fact a line. */
export function tellData(
  progress: ProgressSink,
  file: PreferenceFile,
  tokenized: TokenizedPairs,
  chat: {
    /** Whether the model has a chat template. */
    readonly template: boolean;
    readonly use: "auto" | "always" | "never";
  },
): DataSummary {
  const summary = summarizeData(file, tokenized);
  const templated = chat.template && chat.use !== "never";
  const [first = "", ...more] = formatSummary(summary, templated);
  progress.message(`${basename(file.path)}: ${first}`);
  for (const line of more) progress.message(line);
  return summary;
}
