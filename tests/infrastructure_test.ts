/** Documents and the files of other services: they parse, and name tasks and options that exist. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { parse } from "yaml";
import { alignOptions } from "../experiments/commands/align/options.ts";
import { compareOptions } from "../experiments/commands/compare/options.ts";
import { longFlag } from "../lib/cli/option.ts";
import { projectRoot } from "../lib/engine/layout.ts";
import { blocksOf, readDocument } from "./support/documents.ts";
import { sourceFiles } from "./support/module_graph.ts";

const config = JSON.parse(readDocument("deno.json")) as {
  readonly version: string;
  readonly tasks: Record<string, { readonly command: string }>;
  readonly permissions: Record<string, Readonly<Record<string, boolean>>>;
};
const documents = ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/reference.md"];
const services = [
  ...[".github/workflows/gate.yml", ".github/workflows/site.yml", "binder/postBuild"],
  ...[".devcontainer/devcontainer.json", ".ci/run"],
];

/** Command lines of tasks in a text, as their words: `["align", "--model", ...]`. */
function tasksIn(text: string): string[][] {
  return [...text.matchAll(/\bdeno(?:@[\d.]+)? task ([^\n`"#;|)]+)/g)]
    .map(([, words = ""]) => words.trim().split(/\s+/));
}

Deno.test("every task that documents and services name exists, and has the options they give it", () => {
  const lines = [...documents, ...services].flatMap((path) =>
    tasksIn(readDocument(path)).filter(([name]) => name !== "...").map((words) => ({ path, words }))
  );
  assert.ok(lines.length > 15, `${lines.length} command lines`);
  const helps = new Map<string, string>();
  for (const { path, words: [name = "", ...rest] } of lines) {
    const task = config.tasks[name];
    assert.ok(task, `${path}: there is no task "${name}"`);
    const flags = rest.filter((word) => word.startsWith("--"));
    const sub = name === "notebooks" ? rest.slice(0, 1) : [];
    const key = [name, ...sub].join(" ");
    if (flags.length === 0 || name === "lab") continue;
    const help = helps.get(key) ?? helpOf(task.command, sub);
    helps.set(key, help);
    for (const flag of flags) assert.ok(help.includes(flag), `${path}: ${key} has no ${flag}`);
  }
});

/** What a task's script says of itself. */
function helpOf(command: string, sub: readonly string[]): string {
  const [, ...args] = command.split(" ");
  const { stdout } = new Deno.Command(Deno.execPath(), {
    args: [...args, ...sub, "--help"],
    cwd: projectRoot,
    env: { NO_COLOR: "1" },
  }).outputSync();
  return new TextDecoder().decode(stdout);
}

Deno.test("tasks have the permissions that the reliability page says, and no more", () => {
  const [, section = ""] = readDocument("docs/reliability.md").split("## Permissions");
  const rows = section.split("## ")[0]!.split("\n").filter((line) => line.startsWith("| `"));
  assert.equal(rows.length, 4);
  const sets = ["pairs", "local", "model"].map((set) => `-P=${set}`);
  for (const [index, row] of rows.entries()) {
    const names = [...row.split("|")[1]!.matchAll(/`([a-z]+)`/g)].map(([, name = ""]) => name);
    const set = sets.find((each) => config.tasks[names[0]!]?.command.includes(` ${each} `)) ?? "-A";
    assert.equal(set, ["-P=pairs", "-P=local", "-P=model", "-A"][index]);
    for (const name of names) {
      assert.ok(config.tasks[name]?.command.startsWith(`deno run ${set} `), `${name}: ${set}`);
    }
  }
  const { pairs, local, model } = config.permissions;
  assert.ok(pairs && local && model);
  assert.deepEqual([pairs.ffi, pairs.net, local.net], [undefined, undefined, undefined]);
  assert.deepEqual(local, { ...pairs, ffi: true });
  assert.deepEqual(model, { ...local, net: true });
});

Deno.test("every option in the README's text and table is one of align's or compare's", () => {
  const options = [...Object.values(alignOptions), compareOptions.answerJudge];
  const known = options.map((option) => `--${longFlag(option)}`);
  const prose = readDocument("README.md").replaceAll(/^```[\s\S]*?^```$/gm, "");
  const named = [...prose.matchAll(/`(--[a-z-]+)/g)].map(([, flag = ""]) => flag);
  assert.ok(named.length > 10);
  assert.deepEqual(named.filter((flag) => ![...known, "--help", "--publish"].includes(flag)), []);
});

Deno.test("every task stands in the reference", () => {
  const table = readDocument("docs/reference.md");
  const public_ = Object.keys(config.tasks).filter((name) => !name.startsWith("ready"));
  assert.deepEqual(public_.filter((name) => !table.includes(`| \`${name}\``)), []);
});

Deno.test("the reference lists the environment variables that the code reads", () => {
  const code = ["lib", "experiments", "tools"].flatMap((folder) => [...sourceFiles(folder)])
    .map(readDocument).join("");
  const read = new Set([...code.matchAll(/"((?:SERA|HF)_[A-Z0-9_]+)"/g)].map(([, name]) => name));
  const section = readDocument("docs/reference.md").split("## ")
    .find((part) => part.startsWith("Environment variables")) ?? "";
  const listed = [...section.matchAll(/^\| `((?:SERA|HF)_[A-Z0-9_]+)/gm)].map(([, name]) => name);
  assert.deepEqual(listed.sort(), [...read].sort());
});

Deno.test("one version of Deno everywhere: the one that runs", () => {
  for (const path of [...documents, ...services]) {
    const versions = [...readDocument(path).matchAll(/deno@([\d.]+\d)/g)].map(([, v]) => v);
    assert.deepEqual(versions.filter((version) => version !== Deno.version.deno), [], path);
  }
});

Deno.test("workflows hold jobs of steps, and each step does one thing", () => {
  for (const path of services.filter((path) => path.endsWith(".yml"))) {
    const { on, jobs } = parse(readDocument(path)) as {
      readonly on: unknown;
      readonly jobs: Record<string, { "runs-on": string; steps: Record<string, unknown>[] }>;
    };
    assert.ok(on, `${path} never starts`);
    for (const job of Object.values(jobs)) {
      assert.match(job["runs-on"], /^ubuntu-/);
      assert.match(String(job.steps[0]?.uses), /^actions\/checkout@v\d+$/);
      for (const step of job.steps) {
        assert.equal(Number("uses" in step) + Number("run" in step), 1, path);
      }
    }
  }
});

Deno.test("the site's workflow uploads the folder that it wrote", () => {
  const text = readDocument(".github/workflows/site.yml");
  const out = /--out (\S+)/.exec(text)?.[1];
  assert.equal(/^ +path: (\S+)$/m.exec(text)?.[1], out);
});

Deno.test("Binder's and the container's files parse, and install what set-up needs", () => {
  const { dependencies } = parse(readDocument("binder/environment.yml"));
  assert.ok(dependencies.some((name: string) => name.startsWith("python=3.")));
  assert.ok(dependencies.some((name: string) => name.startsWith("nodejs=")));
  const { image, features } = JSON.parse(readDocument(".devcontainer/devcontainer.json"));
  assert.match(image, /node/);
  assert.ok(Object.keys(features).some((name) => name.includes("/python:")));
  const mode = Deno.statSync(`${projectRoot}binder/postBuild`).mode ?? 0;
  assert.ok(mode & 0o100, "binder/postBuild cannot be run");
});

const jupyter = `${projectRoot}.venv/bin/jupyter`;

Deno.test({
  name: "binder/postBuild runs through, and its kernel is where Binder's JupyterLab looks",
  ignore: !existsSync(jupyter),
  fn: () => {
    const folder = Deno.makeTempDirSync();
    try {
      // Set-up has tests of its own; Binder's environment is a folder here.
      const script = (name: string, text: string) =>
        Deno.writeTextFileSync(`${folder}/${name}`, `#!/bin/bash\n${text}\n`, { mode: 0o755 });
      script("npx", `echo "$@" >> ${folder}/calls`);
      script("jupyter", `exec ${jupyter} "\${@/--sys-prefix/--prefix=${folder}}"`);
      const { code, stderr } = new Deno.Command(`${projectRoot}binder/postBuild`, {
        cwd: projectRoot,
        env: { PATH: `${folder}:${Deno.env.get("PATH")}` },
      }).outputSync();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.match(Deno.readTextFileSync(`${folder}/calls`), /^-y deno@\S+ task setup --cpu\n$/);
      const kernel = `${folder}/share/jupyter/kernels/deno/kernel.json`;
      assert.equal(JSON.parse(Deno.readTextFileSync(kernel)).argv[1], "jupyter");
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test("the citation names this version, and its authors those of the README", () => {
  const citation = parse(readDocument("CITATION.cff"));
  assert.equal(citation["cff-version"], "1.2.0");
  assert.equal(citation.version, config.version);
  const [bibtex = ""] = blocksOf(readDocument("README.md"), "bibtex");
  assert.ok(bibtex.includes(`{{${citation.authors[0].name}}}`) && bibtex.includes(config.version));
  assert.ok(bibtex.includes(citation.title.replace(/^SeRA: /, "")));
  for (const { "family-names": name } of citation.references[0].authors) {
    assert.ok(bibtex.includes(name), name);
  }
});
