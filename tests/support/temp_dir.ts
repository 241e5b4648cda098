/** Runs the action with a fresh folder that is removed afterwards. */
export async function withTempDir(action: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "sera-test-" });
  try {
    await action(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
