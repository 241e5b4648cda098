/** `notebooks`: execute, check, verify and export the notebooks. */
import { Command } from "commander";
import { basename, join, relative } from "node:path";
import { runCommand } from "../../lib/cli/run_command.ts";
import { userPath } from "../../lib/cli/user_path.ts";
import { messageOf, UserError } from "../../lib/errors.ts";
import { allStudies } from "../../experiments/studies.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { checkNotebooks, formatted } from "./check.ts";
import { executeNotebook } from "./execute.ts";
import { readNotebook } from "./notebook.ts";
import { notebookPaths, ROOT } from "./paths.ts";
import { figureFindings, shownFigures, writeFigures } from "./figures.ts";
import { siteRuns } from "./site/site_runs.ts";
import { buildSite } from "./site/build_site.ts";
import { verifyNotebook } from "./verify.ts";

const shown = (path: string) => relative(userPath("."), path) || path;

function report(findings: readonly string[], fine: string): void {
  for (const finding of findings) console.error(finding);
  if (findings.length > 0) throw new UserError(`${findings.length} findings, listed above`);
  console.log(fine);
}

function parseParameters(json: string): Record<string, unknown> {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new UserError(`--parameters is not JSON (${messageOf(error)}): pass e.g. {"seeds": 3}`);
  }
}

const program = new Command("notebooks")
  .description("Execute, check and export the notebooks. Without FILES: all in notebooks/.");

program.command("execute [files...]")
  .description("run notebooks on the Deno kernel; every output is kept")
  .option("--out <folder>", "write the executed notebooks there (default: over the input)")
  .option("--parameters <json>", "values over those of the parameters cell")
  .action(async (files: string[], options: { out?: string; parameters?: string }) => {
    for (const path of notebookPaths(files.map(userPath))) {
      console.log(`executing ${shown(path)}`);
      await executeNotebook(path, {
        ...(options.out === undefined
          ? {}
          : { output: join(userPath(options.out), basename(path)) }),
        ...(options.parameters === undefined
          ? {}
          : { parameters: parseParameters(options.parameters) }),
      });
    }
  });

program.command("check [files...]")
  .description("types, lint, format and size of the cells")
  .action(async (files: string[]) => {
    const paths = notebookPaths(files.map(userPath));
    report(await checkNotebooks(paths), `${paths.length} notebooks: code is fine`);
  });

program.command("format [files...]")
  .description("format the cells, as deno fmt would")
  .action(async (files: string[]) => {
    for (const path of notebookPaths(files.map(userPath))) {
      const text = await formatted(path);
      if (text !== Deno.readTextFileSync(path)) Deno.writeTextFileSync(path, text);
    }
  });

program.command("verify [files...]")
  .description("executed notebooks: every output present, no error, nothing private")
  .action((files: string[]) => {
    const paths = notebookPaths(files.map(userPath));
    const findings = paths.flatMap((path) =>
      verifyNotebook(readNotebook(path)).map((finding) => `${shown(path)}: ${finding}`)
    );
    report(findings, `${paths.length} notebooks: outputs are complete`);
  });

program.command("figures [files...]")
  .description("write the figures that executed notebooks show, byte for byte")
  .option("--out <folder>", "folder of the figures", join(ROOT, "results", "figures"))
  .option("--check", "write nothing: say where the folder differs")
  .action((files: string[], options: { out: string; check?: boolean }) => {
    const figures = shownFigures(notebookPaths(files.map(userPath)));
    const out = userPath(options.out);
    if (options.check) report(figureFindings(out, figures), `${figures.size} figures: as shown`);
    else writeFigures(out, figures);
  });

program.command("site [files...]")
  .description("write executed notebooks as a static site")
  .option("--out <folder>", "folder of the site", join(ROOT, "site"))
  .option("--records <folder>", "records whose runs get pages", join(ROOT, "results", "records"))
  .action(async (files: string[], options: { out: string; records: string }) => {
    const runs = siteRuns(
      userPath(options.records),
      allStudies.flatMap((study) => planStudy(study, "full")),
    );
    const out = userPath(options.out);
    await buildSite(out, { notebooks: notebookPaths(files.map(userPath)), runs });
    console.log(`open ${shown(join(out, "index.html"))}`);
  });

if (import.meta.main) {
  await runCommand(async (args) => {
    await program.parseAsync([...args], { from: "user" });
  }, { interrupted: "the notebook that was running is unchanged" });
}
