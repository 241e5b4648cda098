import type { Interpreter } from "@huggingface/jinja";
import { TITLE_FILTER } from "./python_string.ts";

/** A node of a parsed template; the engine exports none of their types. */
export type TemplateNode = NonNullable<Parameters<Interpreter["evaluate"]>[0]>;

/** `trim`, or `trim(...)` as a call. */
type Filter = TemplateNode & {
  readonly value?: string;
  readonly callee?: { readonly value?: string };
  readonly args?: readonly TemplateNode[];
};

/** `operand | filter`, or a block `{% filter ... %}` with its body. */
type Filtered = TemplateNode & {
  readonly operand?: TemplateNode;
  readonly body?: readonly TemplateNode[];
  readonly filter: Filter;
};

/** The methods of texts that do what filters do in Jinja; the engine's own differ. */
const METHOD_OF: ReadonlyMap<string | undefined, string> = new Map([
  ["trim", "strip"],
  ["title", TITLE_FILTER],
  ["capitalize", "capitalize"],
]);

/** The node, or one that calls the method of the text in place of a filter. */
export function withPythonFilters(node: TemplateNode): TemplateNode {
  if (node.type !== "FilterExpression" && node.type !== "FilterStatement") return node;
  const { operand, body, filter } = node as Filtered;
  const method = METHOD_OF.get(
    filter.type === "CallExpression" ? filter.callee?.value : filter.value,
  );
  if (method === undefined) return node;
  return made("CallExpression", {
    args: filter.args ?? [],
    callee: made("MemberExpression", {
      object: operand ?? made("Program", { body }),
      property: made("Identifier", { value: method }),
      computed: false,
    }),
  });
}

function made(type: string, parts: Readonly<Record<string, unknown>>): TemplateNode {
  return { type, ...parts };
}
