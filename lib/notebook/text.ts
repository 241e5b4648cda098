/** Prose in a notebook. */
import { currentKernel, display, type Kernel } from "./kernel.ts";

/** Shows Markdown in the current cell, e.g. text that comes from a study's config. */
export async function showMarkdown(
  markdown: string,
  kernel: Kernel = currentKernel(),
): Promise<void> {
  await display({ data: { "text/markdown": markdown, "text/plain": markdown } }, kernel);
}
