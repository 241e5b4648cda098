/** Which Python set-up takes, and when it makes the environment anew. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { whichOutside } from "../../tools/setup/process.ts";
import { environmentStep, pythonCandidates, venv } from "../../tools/setup/python.ts";
import { withTempDir } from "../support/temp_dir.ts";

/** Does something with another search path, and puts the old one back. */
function withPath<T>(path: string, action: () => T): T {
  const before = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", path);
  try {
    return action();
  } finally {
    Deno.env.set("PATH", before);
  }
}

Deno.test({
  name:
    "an activated environment is not made from itself, and another Python is no reason to remake it",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await withTempDir((dir) => {
      const path = Deno.env.get("PATH") ?? "";
      const [own, other] = [join(dir, "own"), join(dir, "other")];
      for (const folder of [own, other]) {
        Deno.mkdirSync(join(folder, "bin"), { recursive: true });
        Deno.writeTextFileSync(join(folder, "bin", "python3"), "");
      }
      withPath(`${own}/bin:${other}/bin`, () => {
        assert.equal(whichOutside(undefined, "python3"), join(own, "bin", "python3"));
        assert.equal(whichOutside(own, "python3"), join(other, "bin", "python3"));
        assert.equal(
          whichOutside(own, join(own, "bin", "python3")),
          undefined,
          "named by its path",
        );
      });
      Deno.symlinkSync(own, join(dir, "link"));
      withPath(`${dir}//link/bin:${other}/bin`, () => {
        assert.equal(whichOutside(own, "python3"), join(other, "bin", "python3"), "by a link");
      });
      const inside = (candidates: readonly string[]) =>
        candidates.filter((python) => python.startsWith(`${venv}/`));
      assert.deepEqual(inside(withPath(`${venv}/bin:${path}`, pythonCandidates)), []);
      const key = environmentStep.key();
      const made = environmentStep.outputs().every((output) => Deno.statSync(output).isFile);
      assert.ok(made, "set-up made it for these tests");
      assert.equal(withPath(`${venv}/bin:${path}`, environmentStep.key), key);
      assert.equal(withPath(`${other}/bin:${path}`, environmentStep.key), key);
      return Promise.resolve();
    });
  },
});
