/**
 * What a program writes to stdout, if it can be run; its exit code does not matter. For what a task's
 * permissions forbid this process to look at itself: /proc and /dev need every permission there is.
 */
export function programOutput(program: string, ...args: string[]): string | undefined {
  try {
    const { stdout } = new Deno.Command(program, { args, stdin: "null", stderr: "null" })
      .outputSync();
    return new TextDecoder().decode(stdout);
  } catch {
    return undefined;
  }
}
