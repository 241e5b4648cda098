import { projectRoot } from "../../lib/engine/layout.ts";

/** What `deno task NAME` calls Deno with, its permissions among them; without a type check. */
export function taskArguments(name: string): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${projectRoot}deno.json`));
  const [, run = "", ...args] = tasks[name].command.split(" ");
  return [run, "--no-check", ...args];
}
