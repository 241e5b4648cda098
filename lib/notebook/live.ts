/** A display that is redrawn in place while work goes on. */
import { requireNoFailure } from "./failed_cell.ts";
import { currentKernel, type Display, type Kernel, pause, SETTLE_MS } from "./kernel.ts";

/** Updates faster than this are dropped by clients: the newest one waits its turn instead. */
const UPDATE_MS = 100;

/** A place in the notebook that shows the newest display it was given. */
export interface LiveView {
  /** Draws, or where the last drawing is fresh, keeps the newest for later. Never throws. */
  update(shown: Display): void;
  /** Draws what is waiting and returns once it has left the kernel. A cell must end with it. */
  flush(): Promise<void>;
}

let views = 0;

/** Opens a live view in the current cell with its first content. */
export async function liveView(
  first: Display,
  kernel: Kernel = currentKernel(),
): Promise<LiveView> {
  requireNoFailure();
  views++;
  const id = `sera-live-${views}`;
  let waiting: Display | undefined;
  let drawing: Promise<void> | undefined;

  const send = (type: string, shown: Display) =>
    kernel.broadcast(type, {
      data: shown.data,
      metadata: shown.metadata ?? {},
      transient: { display_id: id },
    });

  const drain = async () => {
    while (waiting !== undefined) {
      const shown = waiting;
      waiting = undefined;
      await send("update_display_data", shown);
      await pause(UPDATE_MS);
    }
    drawing = undefined;
  };

  await send("display_data", first);
  drawing = pause(UPDATE_MS).then(drain);
  return {
    update(shown) {
      waiting = shown;
      drawing ??= drain();
    },
    async flush() {
      await drawing;
      await pause(SETTLE_MS);
    },
  };
}
