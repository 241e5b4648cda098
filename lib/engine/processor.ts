import { createHash } from "node:crypto";

let entry: ReadonlyMap<string, string> | undefined;

/** What Linux says of the first processor, by name ("flags"); empty where the system does not tell. */
export function processorEntry(): ReadonlyMap<string, string> {
  entry ??= new Map(
    readEntry().split("\n").flatMap((line) => {
      const [, name, value] = /^(.+?)\s*: (.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
  return entry;
}

function readEntry(): string {
  if (Deno.build.os !== "linux") return "";
  try {
    // By a program, as reading /proc here would need every permission there is.
    const args = ["/^$/q", "/proc/cpuinfo"];
    const { stdout } = new Deno.Command("sed", { args, stdin: "null", stderr: "null" })
      .outputSync();
    return new TextDecoder().decode(stdout);
  } catch {
    return "";
  }
}

/**
 * A short hash of the processor's model and instruction sets: code compiled for one may not run on
 * another. Undefined on a Linux that does not tell them.
 */
export function processorId(): string | undefined {
  const known = processorEntry();
  const parts = ["model name", "flags", "Features", "CPU part"]
    .flatMap((name) => known.get(name) ?? []);
  if (Deno.build.os === "linux" && parts.length === 0) return undefined;
  const text = [Deno.build.target, ...parts].join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
