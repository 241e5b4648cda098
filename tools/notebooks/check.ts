/** Checks of a notebook's code: types, lint, format, size of its cells. */
import { basename, dirname, join } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { type Cell, joined, type Notebook, readNotebook } from "./notebook.ts";
import { ROOT } from "./paths.ts";

/** Most lines a code cell may have. */
const MOST_LINES = 25;

function codeCells(notebook: Notebook): { index: number; source: string; cell: Cell }[] {
  return notebook.cells.map((cell, index) => ({ index, source: joined(cell.source), cell }))
    .filter(({ cell, source }) => cell.cell_type === "code" && source.trim() !== "");
}

/** The code cells as one module, each cell under a comment with its number. */
export function cellsToModule(notebook: Notebook): string {
  return codeCells(notebook)
    .map(({ index, source }) => `// cell ${index + 1}\n${source.trimEnd()}\n`)
    .join("\n") + "export {};\n";
}

/** Findings about the shape of the cells, one line each. */
export function shapeFindings(notebook: Notebook): string[] {
  const findings: string[] = [];
  if (notebook.metadata.kernelspec?.name !== "deno") findings.push('kernelspec is not "deno"');
  if (notebook.metadata.language_info?.name !== "typescript") {
    findings.push("metadata.language_info is not TypeScript: deno fmt would skip the notebook");
  }
  for (const { index, source } of codeCells(notebook)) {
    const lines = source.trimEnd().split("\n").length;
    if (lines > MOST_LINES) {
      findings.push(`cell ${index + 1}: ${lines} lines, at most ${MOST_LINES} are allowed`);
    }
  }
  return findings;
}

async function deno(args: string[]): Promise<string | undefined> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return undefined;
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return text.trim();
}

/**
 * A notebook as `deno fmt` would have it. By way of stdin: `deno fmt --check` of Deno 2.9.6 calls
 * every notebook unformatted that its cache does not know.
 */
export async function formatted(path: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "ipynb", "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(Deno.readFileSync(path));
  await writer.close();
  const { success, stdout, stderr } = await output;
  if (!success) {
    throw new UserError(`deno fmt failed on ${path}: ${new TextDecoder().decode(stderr).trim()}`);
  }
  return new TextDecoder().decode(stdout);
}

/** All findings about notebooks' code, one line or block each; empty where all is well. */
export async function checkNotebooks(paths: readonly string[]): Promise<string[]> {
  const findings: string[] = [];
  const modules: string[] = [];
  try {
    for (const path of paths) {
      const notebook = readNotebook(path);
      findings.push(...shapeFindings(notebook).map((finding) => `${basename(path)}: ${finding}`));
      // Beside the notebook, so that relative imports and deno.json are the notebook's own.
      const module = join(dirname(path), `.${basename(path, ".ipynb")}.cells.ts`);
      Deno.writeTextFileSync(module, cellsToModule(notebook));
      modules.push(module);
    }
    for (
      const args of [
        ["check", ...modules],
        ["lint", "--rules-exclude=no-var", ...modules],
      ]
    ) {
      const text = await deno(args);
      if (text !== undefined) findings.push(`deno ${args[0]}: ${text}`);
    }
    for (const path of paths) {
      if (await formatted(path) !== Deno.readTextFileSync(path)) {
        findings.push(`${basename(path)}: not formatted; run "deno task notebooks format"`);
      }
    }
  } finally {
    for (const module of modules) Deno.removeSync(module);
  }
  return findings;
}
