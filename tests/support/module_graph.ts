/** The modules of the repository and what they import, as `deno info --json` sees them. */
import { projectRoot } from "../../lib/engine/layout.ts";

/** Path of a module within the repository to what it imports: such paths, or `npm:` and others. */
export type ModuleGraph = ReadonlyMap<string, readonly string[]>;

/** Every `.ts` file of a folder of the repository. */
export function* sourceFiles(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(projectRoot + folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sourceFiles(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

/** Reads the imports of all these modules, types included. */
export async function readModuleGraph(paths: string[]): Promise<ModuleGraph> {
  const roots = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const root = new URL(`file://${projectRoot}`);
    await Deno.writeTextFile(
      roots,
      paths.map((path) => `import ${JSON.stringify(new URL(path, root).href)};\n`).join(""),
    );
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", `${projectRoot}deno.json`, roots],
      stdin: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: InfoModule[] };
    const local = (specifier: string) =>
      specifier.startsWith(root.href)
        ? decodeURIComponent(specifier.slice(root.href.length))
        : specifier;
    return new Map(
      modules.filter((module) => module.specifier.startsWith(root.href)).map((module) => [
        local(module.specifier),
        (module.dependencies ?? []).flatMap(({ specifier, code, type }) =>
          [code?.specifier ?? type?.specifier ?? specifier].map(local)
        ),
      ]),
    );
  } finally {
    await Deno.remove(roots);
  }
}

interface InfoModule {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier: string };
    readonly type?: { readonly specifier: string };
  }[];
}
