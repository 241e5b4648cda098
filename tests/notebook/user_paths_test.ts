/** `deno task notebooks` takes paths from the folder that the user stands in. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import { taskArguments } from "../support/task_arguments.ts";
import { withTempDir } from "../support/temp_dir.ts";

const NOTEBOOK = {
  cells: [{
    ...{ cell_type: "code", id: "a", execution_count: null, outputs: [] },
    ...{ metadata: {}, source: ["const x=1;\n", "x"] },
  }],
  metadata: {
    kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
    language_info: { name: "typescript" },
  },
  nbformat: 4,
  nbformat_minor: 5,
};

Deno.test("notebooks format and verify: files and messages are relative to INIT_CWD", async () => {
  await withTempDir(async (home) => {
    await Deno.writeTextFile(join(home, "mine.ipynb"), JSON.stringify(NOTEBOOK));
    const task = async (...args: string[]) => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...taskArguments("notebooks"), ...args],
        ...{ cwd: projectRoot, env: { INIT_CWD: home, NO_COLOR: "1" } },
      }).output();
      return { code, err: new TextDecoder().decode(stderr) };
    };
    const formatted = await task("format", "mine.ipynb");
    assert.equal(formatted.code, 0, formatted.err);
    const text = await Deno.readTextFile(join(home, "mine.ipynb"));
    assert.match(text, /const x = 1;/);
    const verified = await task("verify", "mine.ipynb");
    assert.equal(verified.code, 1);
    assert.match(verified.err, /^mine\.ipynb: /m);
  });
});
