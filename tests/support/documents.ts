/** The README and its parts, for the tests that hold it to what is there. */
import { projectRoot } from "../../lib/engine/layout.ts";

/** A document of the repository. */
export function readDocument(path: string): string {
  return Deno.readTextFileSync(projectRoot + path);
}

/** The fenced blocks of a language in a document. */
export function blocksOf(document: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...document.matchAll(fence)].map(([, block = ""]) => block);
}
