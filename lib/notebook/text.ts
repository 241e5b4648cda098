/** Prose in a notebook. */
import { currentKernel, display, type Kernel } from "./kernel.ts";

/** Shows Markdown in the current cell: sentences whose numbers come from the records. */
export async function say(markdown: string, kernel: Kernel = currentKernel()): Promise<void> {
  await display({ data: { "text/markdown": markdown, "text/plain": markdown } }, kernel);
}
