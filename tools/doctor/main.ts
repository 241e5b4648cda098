/**
 * Says what the suite found on this machine. Exit code 1 if the main job could not run.
 *
 * deno task doctor
 */
import { parseArgs } from "node:util";
import { messageOf } from "../../lib/errors.ts";
import {
  engineFindings,
  gpuFinding,
  jupyterFindings,
  spaceFindings,
  toolFindings,
} from "./checks.ts";
import { format } from "./report.ts";

try {
  const { values } = parseArgs({ args: Deno.args, options: { help: { type: "boolean" } } });
  if (values.help) {
    console.log("deno task doctor\n\nSays what the suite found on this machine. No options.");
    Deno.exit(0);
  }
} catch (error) {
  console.error(`error: ${messageOf(error)}`);
  Deno.exit(2);
}

const findings = [
  ...toolFindings(),
  ...await engineFindings(),
  gpuFinding(),
  ...jupyterFindings(),
  ...spaceFindings(),
];
console.log(format(findings));
const broken = findings.filter((finding) => finding.fatal === true);
console.log(
  broken.length === 0
    ? "\nThe suite can run here."
    : `\nThe suite cannot run here: see ${broken.map((finding) => finding.label).join(", ")}.`,
);
Deno.exit(broken.length === 0 ? 0 : 1);
