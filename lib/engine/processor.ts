import { createHash } from "node:crypto";
import { programOutput } from "../program_output.ts";

let entry: ReadonlyMap<string, string> | undefined;

/** What Linux says of the first processor, by name ("flags"); empty where the system does not tell. */
export function processorEntry(): ReadonlyMap<string, string> {
  if (entry !== undefined) return entry;
  const text = Deno.build.os === "linux"
    ? programOutput("sed", "/^$/q", "/proc/cpuinfo") ?? ""
    : "";
  entry = new Map(
    text.split("\n").flatMap((line) => {
      const [, name, value] = /^(.+?)\s*: (.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
  return entry;
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
