/** Runs the action with a fresh folder that is removed afterwards. */
export async function withTempDir<T>(action: (dir: string) => Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "sera-test-" });
  try {
    return await action(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
