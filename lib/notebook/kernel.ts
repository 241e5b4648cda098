/** The one place that talks to the Jupyter kernel. */
import { UserError } from "../errors.ts";
import { requireNoFailure } from "./failed_cell.ts";

/** MIME type to content, as in Jupyter's display messages. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** What the display helpers need of a kernel; tests pass their own. */
export interface Kernel {
  /** Sends a message of Jupyter's protocol to all clients. */
  broadcast(type: string, content: Record<string, unknown>): Promise<void>;
}

/** A display message: the bundle and what metadata goes with it. */
export interface Display {
  /** Every form of what is shown. */
  readonly data: MimeBundle;
  /** By MIME type, or for whoever reads the notebook. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/**
 * Milliseconds to wait after the last message of a cell. The kernel sends output after it reports
 * itself idle, and clients stop listening then: what is still queued would be lost.
 */
export const SETTLE_MS = 150;

/**
 * The kernel that this code runs in.
 *
 * @throws {UserError} outside a notebook
 */
export function currentKernel(): Kernel {
  try {
    // Outside a notebook Deno throws on the name.
    if (typeof Deno.jupyter.broadcast === "function") {
      return { broadcast: (type, content) => Deno.jupyter.broadcast(type, content) };
    }
  } catch { /* as where it is missing */ }
  throw new UserError(
    "this needs a notebook: Deno.jupyter is missing; open it in JupyterLab with the Deno kernel",
  );
}

/** Resolves after `milliseconds`. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Sends one display and waits until it has left the kernel.
 *
 * @throws {UserError} where what it would show rests on a cell that failed
 */
export async function display(shown: Display, kernel: Kernel = currentKernel()): Promise<void> {
  requireNoFailure();
  await kernel.broadcast("display_data", {
    data: shown.data,
    metadata: shown.metadata ?? {},
    transient: {},
  });
  await pause(SETTLE_MS);
}
