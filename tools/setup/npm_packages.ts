/** The npm packages of deno.json, as deno.lock pins them. */
import { projectRoot } from "../../lib/engine/layout.ts";
import { run } from "./process.ts";
import { hashOf, type Step } from "./step.ts";

/** Fills `node_modules`; install scripts of packages do not run. */
export const npmPackagesStep: Step = {
  id: "npm-packages",
  title: "npm packages",
  key: () => {
    const { imports } = JSON.parse(Deno.readTextFileSync(`${projectRoot}deno.json`));
    return hashOf(JSON.stringify(imports), `file:${projectRoot}deno.lock`);
  },
  outputs: () => [`${projectRoot}node_modules/@tensorflow/tfjs-node/package.json`],
  run: () => run(Deno.execPath(), ["install", "--quiet", "--frozen"], { cwd: projectRoot }),
};
