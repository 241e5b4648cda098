/** What modules export, and which of it others use: read from the text of imports and exports. */
import { dirname, join } from "node:path/posix";

/** An export of a module. */
export interface Export {
  readonly path: string;
  readonly name: string;
}

/** A name that a module takes from another; "*" stands for all of its exports. */
interface Use {
  readonly from: string;
  readonly name: string;
  /** The name under which it is exported again; undefined for an import. */
  readonly as?: string;
}

const DECLARED =
  /^export (?:abstract |async )*(?:function\*?|const|class|interface|type) ([A-Za-z_$][\w$]*)/gm;
const LISTED = /^(export|import)(?: type)? \{([^}]*)\}(?: from "([^"]+)")?;/gm;
const STARRED = /^(?:export \*|import(?: type)? \* as \w+) from "([^"]+)";/gm;
const LATE = /\{([^{}]*)\} = await import\(\s*"([^"]+)"/g;
const INLINE = /import\("([^"]+)"\)\.(\w+)/g;

/** "a, type b as c" as [["a", "a"], ["b", "c"]]. */
function names(list: string): [string, string][] {
  return list.split(",").map((item) => item.trim().replace(/^type /, "")).filter(Boolean)
    .map((item) => {
      const [name = "", as = name] = item.split(/ as |: /);
      return [name, as];
    });
}

/** The exports of a module that stand in it, not those it passes on. */
export function exportsOf(path: string, code: string): Export[] {
  const declared = [...code.matchAll(DECLARED)].map(([, name = ""]) => name);
  const listed = [...code.matchAll(LISTED)]
    .filter(([, keyword, , from]) => keyword === "export" && from === undefined)
    .flatMap(([, , list = ""]) => names(list).map(([, name]) => name));
  return [...new Set([...declared, ...listed])].map((name) => ({ path, name }));
}

function usesOf(path: string, code: string): Use[] {
  const place = (from: string) => from.startsWith(".") ? join(dirname(path), from) : from;
  const listed = [...code.matchAll(LISTED)].flatMap(([, keyword, list = "", from]) =>
    from === undefined ? [] : names(list).map(([name, as]): Use => ({
      ...{ from: place(from), name },
      ...(keyword === "export" ? { as } : {}),
    }))
  );
  const starred = [...code.matchAll(STARRED)].map(([text, from = ""]): Use => ({
    ...{ from: place(from), name: "*" },
    ...(text.startsWith("export") ? { as: "*" } : {}),
  }));
  const late = [...code.matchAll(LATE)].flatMap(([, list = "", from = ""]) =>
    names(list).map(([name]) => ({ from: place(from), name }))
  );
  const inline = [...code.matchAll(INLINE)].map(([, from = "", name = ""]) => ({
    ...{ from: place(from), name },
  }));
  return [...listed, ...starred, ...late, ...inline];
}

/**
 * Exports that no code uses, their own module's included, and no public module passes on.
 *
 * @param code text by path, of everything that counts as use
 * @param isPublic modules whose exports are for users
 */
export function unusedExports(
  code: ReadonlyMap<string, string>,
  isPublic: (path: string) => boolean,
): Export[] {
  const uses = new Map([...code].map(([path, text]) => [path, usesOf(path, text)]));
  const used = new Set<string>();
  const mark = (path: string, name: string): void => {
    const key = `${path} ${name}`;
    if (used.has(key)) return;
    used.add(key);
    // Through a module that passes it on, to the one where it stands.
    for (const use of uses.get(path) ?? []) {
      if (use.as === undefined) continue;
      if (use.as === "*") mark(use.from, name);
      else if (use.as === name || name === "*") mark(use.from, use.name);
    }
  };
  for (const [path, list] of uses) {
    if (isPublic(path)) mark(path, "*");
    for (const use of list) if (use.as === undefined) mark(use.from, use.name);
  }
  return [...code].flatMap(([path, text]) =>
    exportsOf(path, text).filter(({ name }) => {
      const declared = [...text.matchAll(DECLARED)].filter(([, other]) => other === name).length;
      const named = [...text.matchAll(new RegExp(`\\b${name}\\b`, "g"))].length;
      return !used.has(`${path} ${name}`) && !used.has(`${path} *`) && named <= declared;
    })
  );
}
