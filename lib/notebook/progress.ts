/** A progress bar made of text: it looks the same in every viewer. */
import { currentKernel, type Display, type Kernel } from "./kernel.ts";
import { liveView } from "./live.ts";

/** State of some work. */
export interface Progress {
  /** Units of work done. */
  readonly done: number;
  /** Of so many; 0 where there is nothing to do. */
  readonly total: number;
  /** What is running now. */
  readonly label?: string;
  /** An estimate. */
  readonly secondsLeft?: number;
}

/** A bar in the notebook. */
export interface ProgressBar {
  /** Draws the state; at most ten times a second. */
  update(progress: Progress): void;
  /** Draws the last state; nothing is lost however fast the cell ends. */
  close(): Promise<void>;
}

const WIDTH = 30;

/** "runs ██████░░░ 40 %, 12 of 30, 35 s left, seed 3". Finished work shows no times. */
export function progressText(title: string, progress: Progress): string {
  const { done, total } = progress;
  const fraction = total === 0 ? 1 : Math.min(1, Math.max(0, done / total));
  const filled = Math.floor(fraction * WIDTH);
  const parts = [
    `${title} ${"\u2588".repeat(filled)}${"\u2591".repeat(WIDTH - filled)} ` +
    `${Math.floor(fraction * 100)} %`,
    total === 0 ? "nothing left to do" : `${done} of ${total}`,
  ];
  if (fraction < 1 && progress.secondsLeft !== undefined) {
    const seconds = Math.round(progress.secondsLeft);
    parts.push(seconds < 120 ? `${seconds} s left` : `${Math.round(seconds / 60)} min left`);
  }
  if (fraction < 1 && progress.label !== undefined) parts.push(progress.label);
  return parts.join(", ");
}

function barDisplay(title: string, progress: Progress): Display {
  return {
    data: { "text/plain": progressText(title, progress) },
    metadata: { sera: { progress: { done: progress.done, total: progress.total } } },
  };
}

/** Opens a progress bar in the current cell. */
export async function progressBar(
  title: string,
  kernel: Kernel = currentKernel(),
): Promise<ProgressBar> {
  const view = await liveView(barDisplay(title, { done: 0, total: 1, label: "starting" }), kernel);
  return {
    update: (progress) => view.update(barDisplay(title, progress)),
    close: () => view.flush(),
  };
}
