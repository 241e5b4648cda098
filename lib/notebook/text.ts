/** Prose in a notebook. */
import { completeStatements } from "./readings.ts";
import { currentKernel, display, type Kernel } from "./kernel.ts";

/**
 * Shows Markdown in the current cell: sentences whose numbers come from the records. Statements whose
 * numbers are not there yet are left out, and counted.
 */
export async function say(markdown: string, kernel: Kernel = currentKernel()): Promise<void> {
  const text = completeStatements(markdown);
  await display({ data: { "text/markdown": text, "text/plain": text } }, kernel);
}
