import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The URL of a module of the project, as a string in code. */
export const moduleText = (path: string) =>
  JSON.stringify(new URL(`../../${path}`, import.meta.url).href);

/** What a script prints that runs with these permissions (`-P=local`, `-A`) and nothing else allowed. */
export async function printedUnder(
  permissions: string,
  script: string,
  env: Record<string, string> = {},
): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", permissions, "--no-prompt", "--no-check", "--quiet", "--ext=ts", "-"],
    cwd: ROOT,
    env: { ...env, NO_COLOR: "1" },
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" } as const,
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout, stderr } = await child.output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout);
}
