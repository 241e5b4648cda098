/** Checks of an executed notebook: is every output there, and fit to be published? */
import { type Cell, joined, type Notebook, type Output } from "./notebook.ts";

/** Calls that display something; a cell with one of them must have an output. */
const DISPLAYS = /\bawait (show\w*|say|liveView|progressBar|watchStudy)\s*\(/g;

/** Paths of somebody's machine: absolute paths and file addresses. */
const PRIVATE = /(?:file:\/\/\/|(?<![\w.:/])\/(?:home|root|tmp|work|Users|var|mnt|opt)\/[\w.-]+)/;

/** What is wrong with an executed notebook, one line a finding; empty where nothing is. */
export function verifyNotebook(notebook: Notebook): string[] {
  const findings: string[] = [];
  notebook.cells.forEach((cell, index) => {
    if (cell.cell_type === "code") {
      findings.push(...verifyCell(cell).map((finding) => `cell ${index + 1}: ${finding}`));
    }
  });
  return findings;
}

function verifyCell(cell: Cell): string[] {
  const source = joined(cell.source);
  const outputs = cell.outputs ?? [];
  const findings: string[] = [];
  if (source.trim() !== "" && typeof cell.execution_count !== "number") {
    findings.push("was not executed");
  }
  const calls = [...source.matchAll(DISPLAYS)].length;
  const shown = outputs.filter((output) => output.output_type === "display_data").length;
  if (shown < calls) findings.push(`displays ${calls} times but has ${shown} outputs`);
  for (const output of outputs) {
    if (output.output_type === "error") findings.push(`error: ${output.ename}: ${output.evalue}`);
    const progress = output.metadata?.sera?.progress;
    if (progress !== undefined && progress.done !== progress.total) {
      findings.push(`progress stopped at ${progress.done} of ${progress.total}`);
    }
    const found = privateText(output);
    if (found !== undefined) findings.push(`an output names a place of this machine: ${found}`);
  }
  return findings;
}

function privateText(output: Output): string | undefined {
  const texts = [joined(output.text)];
  for (const [type, content] of Object.entries(output.data ?? {})) {
    if (type === "image/png") continue;
    texts.push(
      typeof content === "string" || Array.isArray(content)
        ? joined(content)
        : JSON.stringify(content),
    );
  }
  for (const text of texts) {
    const path = text.match(PRIVATE)?.[0];
    if (path !== undefined) return path;
    if (text.includes(Deno.hostname())) return Deno.hostname();
  }
  return undefined;
}
