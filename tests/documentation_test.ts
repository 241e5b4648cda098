/** Every export of lib says what it is, and the public module passes Deno's own check. */
import assert from "node:assert/strict";
import { projectRoot } from "../lib/engine/layout.ts";
import { sourceFiles } from "./support/module_graph.ts";

async function denoDoc(...args: string[]) {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", ...args],
    cwd: projectRoot,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("deno doc --lint finds nothing in lib/mod.ts", async () => {
  const { success, stderr } = await denoDoc("--lint", "lib/mod.ts");
  assert.ok(success, stderr);
});

Deno.test("every export of lib has a docstring", async () => {
  const { success, stdout } = await denoDoc("--json", ...sourceFiles("lib"));
  assert.ok(success, "deno doc failed");
  const { nodes } = JSON.parse(stdout) as Documentation;
  const root = new URL(`file://${projectRoot}`).href;
  const modules = Object.entries(nodes);
  assert.ok(modules.length > 50, `deno doc listed only ${modules.length} modules`);
  const bare = modules.flatMap(([url, { symbols }]) =>
    symbols.filter(({ declarations }) =>
      // A module that exports another's declaration need not say it again.
      declarations.some((d) => d.declarationKind === "export" && d.location.filename === url) &&
      declarations.every((d) => d.kind !== "reference" && !d.jsDoc?.doc && !d.jsDoc?.tags)
    ).map(({ name }) => `${url.replace(root, "")}: ${name}`)
  );
  assert.deepEqual(bare, []);
});

interface Documentation {
  readonly nodes: Record<string, {
    readonly symbols: readonly {
      readonly name: string;
      readonly declarations: readonly {
        readonly kind: string;
        readonly declarationKind: string;
        readonly location: { readonly filename: string };
        readonly jsDoc?: { readonly doc?: string; readonly tags?: unknown };
      }[];
    }[];
  }>;
}
