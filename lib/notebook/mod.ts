/** Display helpers for notebooks on the Deno kernel. */
export { installErrorListeners } from "./errors.ts";
export { type FigureName, plotDisplay, show } from "./figure.ts";
export { type Display, type Kernel, type MimeBundle } from "./kernel.ts";
export { type LiveView, liveView } from "./live.ts";
export { openStudy } from "./open_study.ts";
export { type ParameterValue, readParameters } from "./parameters.ts";
export { type Progress, type ProgressBar, progressBar } from "./progress.ts";
export { type Reading, type Readings, readings, type Words } from "./readings.ts";
export { runsText } from "./runs_text.ts";
export { showTable, type TableLike, type TableOptions, type TableRow } from "./table.ts";
export { say } from "./text.ts";
export { showVerdicts } from "./verdicts.ts";
