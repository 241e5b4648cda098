import { join } from "node:path";

/** Runs `use` with the path of a file of this content in a folder of its own. */
export async function withFile<T>(
  name: string,
  content: string | Uint8Array,
  use: (path: string) => T | Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, name);
    await Deno.writeFile(
      path,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    return await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Records as JSON Lines. */
export function jsonl(...records: unknown[]): string {
  return records.map((record) => JSON.stringify(record) + "\n").join("");
}
