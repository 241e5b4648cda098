/** "Run all" in JupyterLab, in a real browser. */
import assert from "node:assert/strict";
import { basename, dirname, join, relative } from "node:path";
import { TextLineStream } from "../support/text_lines.ts";
import { ROOT, venvProgram } from "../../tools/notebooks/paths.ts";
import { findBrowser, withPage } from "./browser.ts";
import { FIXTURE, HAS_VENV } from "./environment.ts";

Deno.test({
  name: "all outputs in JupyterLab after Run all, each under its own cell",
  ignore: !HAS_VENV || findBrowser() === undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    // Beside the fixture for its relative imports; a copy, for JupyterLab may save it.
    const copy = join(dirname(FIXTURE), `lab_${basename(folder)}.ipynb`);
    Deno.copyFileSync(FIXTURE, copy);
    const server = new Deno.Command(venvProgram("jupyter"), {
      args: [
        ...["lab", "--no-browser", "--allow-root", "--expose-app-in-browser", "--port=0"],
        ...[
          "--IdentityProvider.token=",
          "--ServerApp.ip=127.0.0.1",
          "--ServerApp.disable_check_xsrf=True",
        ],
        ...[`--ServerApp.root_dir=${ROOT}`, "--LabApp.news_url="],
      ],
      env: {
        JUPYTER_CONFIG_DIR: folder,
        JUPYTER_DATA_DIR: folder,
        JUPYTERLAB_SETTINGS_DIR: folder,
        JUPYTERLAB_WORKSPACES_DIR: folder,
      },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    try {
      const lines = server.stderr.pipeThrough(new TextLineStream());
      const reader = lines.getReader();
      let address: string | undefined;
      while (address === undefined) {
        const { value, done } = await reader.read();
        if (done) throw new Error("JupyterLab did not start");
        address = value.match(/(http:\/\/127\.0\.0\.1:\d+)\/lab/)?.[1];
      }
      const drained = (async () => {
        while (!(await reader.read()).done);
      })();
      await withPage(`${address}/lab/tree/${relative(ROOT, copy)}?reset`, async (page) => {
        await page.until("!!document.querySelector('.jp-NotebookPanel .jp-Cell')", 90);
        await page.evaluate(`(async () => {
          const [panel] = jupyterapp.shell.widgets("main");
          await panel.sessionContext.ready;
          jupyterapp.shell.activateById(panel.id);
          await jupyterapp.commands.execute("notebook:run-all-cells");
        })()`);
        const cells = await page.evaluate<{ outputs: string[] }[]>(`new Promise((resolve) => {
          const [panel] = jupyterapp.shell.widgets("main");
          const cells = panel.content.model.cells;
          setTimeout(() => resolve([...cells].filter((cell) => cell.type === "code")
            .map((cell) => ({ outputs: cell.outputs.toJSON()
              .map((output) => String(output.data?.["text/plain"] ?? output.evalue)) }))), 1500);
        })`);
        assert.deepEqual(cells.map(({ outputs }) => outputs.length), [0, 0, 1, 1, 3, 1, 1]);
        assert.equal(cells[5]?.outputs[0], "step 1000");
        assert.match(cells[6]?.outputs[0] ?? "", /100 %, 300 of 300$/);
        const drawn = "document.querySelectorAll('.jp-OutputArea-output svg, " +
          ".jp-OutputArea-output img, .jp-OutputArea-output canvas').length > 0";
        await page.until(drawn, 20);
      });
      server.kill("SIGTERM");
      await drained;
    } finally {
      try {
        server.kill("SIGKILL");
      } catch { /* it has ended */ }
      await server.status;
      Deno.removeSync(copy);
      await Deno.remove(folder, { recursive: true });
    }
  },
});
