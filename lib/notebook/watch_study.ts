import type { Plot } from "../figures/plot.ts";
import type { Setting } from "../environments/environment.ts";
import { jsonLinesProgress, parseProgressLine } from "../progress/json_lines_progress.ts";
import { runStudy, type RunStudyOptions } from "../runner/run_study.ts";
import type { OpenedStudy } from "../study/open_study.ts";
import type { StudyRow } from "../study/rows.ts";
import type { Study } from "../study/study.ts";
import { plotDisplay } from "./figure.ts";
import { type LiveView, liveView } from "./live.ts";
import { progressBar } from "./progress.ts";

/** What is run, and what is drawn while it runs. */
export interface WatchOptions<S extends Setting = Setting>
  extends Omit<RunStudyOptions<S>, "progress" | "onRows"> {
  /** The picture of the rows so far; undefined while there is nothing to draw. */
  plot?(rows: readonly StudyRow<S>[]): Plot | undefined;
}

/** Redrawing costs as much as a second of a run. */
const REDRAW_MS = 3000;

/**
 * `runStudy` in a notebook's cell: a progress bar, and a plot that grows as runs end. Interrupted or
 * restarted, the cell goes on where it was.
 */
export async function watchStudy<S extends Setting>(
  study: Study<S>,
  { plot, ...options }: WatchOptions<S>,
): Promise<OpenedStudy<S>> {
  const bar = await progressBar(study.id);
  let view: LiveView | undefined;
  let drawing: Promise<void> = Promise.resolve();
  let drawn = -Infinity;
  const draw = (rows: readonly StudyRow<S>[]) => {
    drawn = performance.now();
    drawing = drawing.then(async () => {
      const picture = plot?.(rows);
      if (picture === undefined) return;
      const shown = await plotDisplay(picture);
      if (view === undefined) view = await liveView(shown);
      else view.update(shown);
    });
  };
  const progress = jsonLinesProgress((line) => {
    const event = parseProgressLine(line);
    if (event === undefined || event.event === "message") return;
    bar.update({
      done: event.done,
      total: event.total ?? 0,
      label: event.label,
      ...(event.secondsLeft === undefined ? {} : { secondsLeft: event.secondsLeft }),
    });
  });
  try {
    const opened = await runStudy(study, {
      ...options,
      progress,
      onRows: (rows) => {
        if (performance.now() - drawn > REDRAW_MS) draw(rows);
      },
    });
    const { planned } = opened.summary;
    bar.update({ done: planned, total: planned });
    draw(opened.rows);
    return opened;
  } finally {
    await drawing;
    await view?.flush();
    await bar.close();
  }
}
