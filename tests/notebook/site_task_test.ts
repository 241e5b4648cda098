/** `deno task notebooks site` with the task's own permissions: notebook, run page, API. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { studies } from "../../experiments/studies.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { recordLine } from "../../lib/study/record.ts";
import { leftBehind } from "../support/left_behind.ts";
import { taskArguments } from "../support/task_arguments.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { HAS_VENV } from "./environment.ts";
import { RECORD } from "./site_fixture.ts";

const NOTEBOOK = {
  ...{ nbformat: 4, nbformat_minor: 5 },
  metadata: {
    kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
    language_info: { name: "typescript" },
  },
  cells: [{
    ...{ cell_type: "markdown", id: "a", metadata: {} },
    source: "# Mine\n\nDoes it hold? <script>alert(1)</script>",
  }],
};

Deno.test({
  name: "the site is built with the permissions of its task, from the folder that one stands in",
  ignore: !HAS_VENV,
  fn: async () => {
    await withTempDir(async (home) => {
      const [study] = studies;
      const [run] = planStudy(study!, "full");
      const { hash, config } = run!;
      await Deno.writeTextFile(join(home, "mine.ipynb"), JSON.stringify(NOTEBOOK));
      await Deno.mkdir(join(home, "records"));
      await Deno.writeTextFile(
        join(home, "records", `${study!.id}.jsonl`),
        `${recordLine({ ...RECORD, hash, config })}\n`,
      );
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...[...taskArguments("notebooks"), "site", "mine.ipynb"],
          ...["--out", "site", "--records", "records"],
        ],
        ...{ cwd: projectRoot, env: { INIT_CWD: home, NO_COLOR: "1" } },
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.match(new TextDecoder().decode(stdout), /^open site\/index\.html$/m);
      const page = (name: string) => Deno.readTextFileSync(join(home, "site", name));
      assert.match(page("index.html"), /<a href="mine\.html">Mine/);
      assert.match(page("mine.html"), /Does it hold\?/);
      assert.ok(page(`runs/${hash}.html`).includes(study!.id));
      assert.match(page("api/index.html"), /SeRA/);
      assert.deepEqual(leftBehind(home), []);
    });
  },
});
