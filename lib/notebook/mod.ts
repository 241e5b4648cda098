/** Display helpers for notebooks on the Deno kernel. */
export { installErrorListeners } from "./errors.ts";
export { figureDisplay, type FigureName, showFigure } from "./figure.ts";
export { type FollowedProcess, followProcess } from "./follow.ts";
export { type Display, display, type Kernel, type MimeBundle } from "./kernel.ts";
export { type LiveView, liveView } from "./live.ts";
export { type ParameterValue, readParameters } from "./parameters.ts";
export { type Progress, type ProgressBar, progressBar } from "./progress.ts";
export { showTable, type TableLike, type TableOptions, type TableRow } from "./table.ts";
export { showMarkdown } from "./text.ts";
export { type Outcome, showVerdict, type Verdict } from "./verdict.ts";
