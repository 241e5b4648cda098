import type { Interpreter } from "@huggingface/jinja";
import { UserError } from "../errors.ts";
import { type TemplateValue, TITLE_FILTER } from "./python_string.ts";

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

/**
 * The node, or one that calls the method of the text in place of a filter.
 *
 * @param evaluate tells what the filter is applied to
 * @throws {UserError} naming the filter, where that is no text
 */
export function withPythonFilters(
  node: TemplateNode,
  evaluate: (operand: TemplateNode) => TemplateValue,
): TemplateNode {
  if (node.type !== "FilterExpression" && node.type !== "FilterStatement") return node;
  const { operand, body, filter } = node as Filtered;
  const name = filter.type === "CallExpression" ? filter.callee?.value : filter.value;
  const method = METHOD_OF.get(name);
  if (method === undefined) return node;
  const { type, value } = evaluate(operand ?? made("Program", { body }));
  if (typeof value !== "string") {
    const found = type === "UndefinedValue"
      ? "what does not exist"
      : `a value of type ${type.replace(/Value$/, "").toLowerCase()}`;
    throw new UserError(
      `the filter "${name}" takes a text, and the template gives it ${found}`,
    );
  }
  return made("CallExpression", {
    args: filter.args ?? [],
    callee: made("MemberExpression", {
      object: made("StringLiteral", { value }),
      property: made("Identifier", { value: method }),
      computed: false,
    }),
  });
}

function made(type: string, parts: Readonly<Record<string, unknown>>): TemplateNode {
  return { type, ...parts };
}
