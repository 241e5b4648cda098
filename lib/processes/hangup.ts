/**
 * True where this process was started to ignore a closing terminal (SIGHUP), as by nohup, or where
 * that cannot be known. To be asked before the first signal listener: with it Deno (2.9) begins to
 * hear SIGHUP and to end on it, also where it was ignored.
 */
export function hangupIgnored(): boolean {
  if (Deno.build.os === "windows") return true; // there is no such signal
  const asked = { name: "run", command: "sh" } as const;
  if (Deno.permissions.querySync(asked).state !== "granted") return true;
  // What a process ignores its children ignore, too, and a shell cannot undo it.
  const { stdout } = new Deno.Command("sh", {
    args: ["-c", "kill -HUP $$; echo lives"],
    ...{ stdin: "null", stderr: "null" },
  }).outputSync();
  return stdout.length > 0;
}

/** Goes on when the terminal is closed: a listener that does nothing keeps Deno from ending. */
export function ignoreHangup(): void {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", () => {});
}
