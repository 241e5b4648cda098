import { UserError } from "../errors.ts";
import { plainText } from "../plain_text.ts";
import type { Plot } from "../figures/plot.ts";
import type { Setting } from "../environments/environment.ts";
import { jsonLinesProgress, parseProgressLine } from "../progress/json_lines_progress.ts";
import { runStudy, type RunStudyOptions } from "../runner/run_study.ts";
import type { OpenedStudy } from "../study/open_study.ts";
import type { StudyRow } from "../study/rows.ts";
import type { Study } from "../study/study.ts";
import { plotDisplay } from "./figure.ts";
import { display } from "./kernel.ts";
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
 * restarted, the cell goes on where it was. (An interrupted Deno kernel does not go on: restart it.)
 *
 * What runs say, and which failed, is shown below the bar.
 *
 * @throws {UserError} as `runStudy`, and where every run failed, with the reason
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
  const told: string[] = [];
  const progress = jsonLinesProgress((line) => {
    const event = parseProgressLine(line);
    if (event === undefined) return;
    if (event.event === "message") {
      told.push(event.text);
      return;
    }
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
    const { planned, found, done, failed } = opened.summary;
    bar.update({ done: found + done, total: planned });
    if (failed > 0 && failed === planned) {
      // The first tells the cause where later ones need what failed.
      const cause = told.find((text) => text.includes("FAILED")) ?? told.at(-1);
      throw new UserError(`all ${planned} runs failed: ${cause}`);
    }
    if (opened.rows.length > 0) draw(opened.rows);
    if (told.length > 0) await showMessages(told, failed, planned);
    return opened;
  } finally {
    await drawing;
    await view?.flush();
    await bar.close();
  }
}

/** Messages of runs as they are: a reason may speak of NaN, which statements of numbers must not. */
async function showMessages(told: readonly string[], failed: number, planned: number) {
  const head = failed === 0
    ? ""
    : `**${failed} of ${planned} runs failed**, and have no record:\n\n`;
  const text = head + told.map((line) => `- ${plainText(line, " ")}`).join("\n");
  await display({ data: { "text/markdown": text, "text/plain": text } });
}
