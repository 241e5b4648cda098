/** Tries what a reader in the sandbox must not be able to do. */
import { serveReader } from "../../lib/files/sandbox_reader.ts";

const can = (action: () => unknown): Promise<boolean> =>
  Promise.resolve().then(action).then(() => true, () => false);

await serveReader<unknown>(async function* (path, request) {
  yield ["request", request];
  yield ["own file", await can(() => Deno.readFile(path))];
  yield ["other file", await can(() => Deno.readFile(path.replace("prober", "test")))];
  yield ["write", await can(() => Deno.writeTextFile(path, ""))];
  yield ["network", await can(() => fetch("http://127.0.0.1:1"))];
  yield ["variables", await can(() => Deno.env.get("HF_TOKEN"))];
  yield ["programs", await can(() => new Deno.Command("true").output())];
});
