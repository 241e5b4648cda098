/**
 * Says what the suite found on this machine. Exit code 1 if the main job could not run.
 *
 * deno task doctor
 */
import {
  engineFindings,
  gpuFinding,
  jupyterFindings,
  spaceFindings,
  toolFindings,
} from "./checks.ts";
import { format } from "./report.ts";

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
