/** Notebook files: the parts of nbformat 4 that the tools read. */
import { UserError } from "../../lib/errors.ts";

/** An output of a code cell. */
export interface Output {
  readonly output_type: "display_data" | "execute_result" | "stream" | "error";
  readonly data?: Readonly<Record<string, unknown>>;
  readonly metadata?: { readonly sera?: SeraMetadata } & Readonly<Record<string, unknown>>;
  readonly text?: string | readonly string[];
  readonly ename?: string;
  readonly evalue?: string;
}

/** What the display helpers note beside their outputs. */
export interface SeraMetadata {
  readonly figure?: string;
  readonly main?: boolean;
  readonly verdicts?: readonly { claim: string; outcome: string; numbers: string }[];
  readonly progress?: { readonly done: number; readonly total: number };
}

/** A cell. */
export interface Cell {
  readonly cell_type: "code" | "markdown" | "raw";
  readonly source: string | readonly string[];
  readonly outputs?: readonly Output[];
  readonly execution_count?: number | null;
  readonly metadata?: { readonly tags?: readonly string[] };
}

/** A notebook. */
export interface Notebook {
  readonly cells: readonly Cell[];
  readonly metadata: {
    readonly kernelspec?: { readonly name: string };
    readonly language_info?: { readonly name: string };
  };
  readonly nbformat: number;
}

/** @throws UserError where the file is missing or no notebook of format 4. */
export function readNotebook(path: string): Notebook {
  let notebook: Notebook;
  try {
    notebook = JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    throw new UserError(`${path} cannot be read as a notebook: ${error}`);
  }
  if (notebook.nbformat !== 4 || !Array.isArray(notebook.cells)) {
    throw new UserError(`${path} is no notebook of nbformat 4: save it with JupyterLab`);
  }
  return notebook;
}

/** Text that nbformat may keep as a list of lines. */
export function joined(text: string | readonly string[] | undefined): string {
  return typeof text === "string" ? text : (text ?? []).join("");
}
