/** `deno task lab` starts with its own permissions, for root too, in the repository. */
import assert from "node:assert/strict";
import { ROOT } from "../../tools/notebooks/paths.ts";
import { TextLineStream } from "../support/text_lines.ts";
import { taskArguments } from "../support/task_arguments.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { HAS_VENV } from "./environment.ts";

/** JupyterLab prints its address before it listens (`_bind_http_server` is a later callback). */
async function served(address: string): Promise<Response> {
  for (let tries = 0;; tries++) {
    try {
      return await fetch(address, { redirect: "manual" });
    } catch (error) {
      if (!(error instanceof TypeError) || tries === 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

Deno.test({
  name: "lab starts whoever one is, serves the repository and opens the notebooks",
  ignore: !HAS_VENV,
  fn: async () => {
    await withTempDir(async (folder) => {
      const lab = new Deno.Command(Deno.execPath(), {
        args: [
          ...[...taskArguments("lab"), "--no-browser", "--port=0"],
          ...["--IdentityProvider.token=", "--ServerApp.ip=127.0.0.1", "--LabApp.news_url="],
        ],
        cwd: ROOT,
        env: {
          JUPYTER_CONFIG_DIR: folder,
          JUPYTER_DATA_DIR: folder,
          JUPYTER_RUNTIME_DIR: folder,
          JUPYTERLAB_SETTINGS_DIR: folder,
          JUPYTERLAB_WORKSPACES_DIR: folder,
        },
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const reader = lab.stderr.pipeThrough(new TextLineStream()).getReader();
      try {
        let said = "", address: string | undefined;
        while (address === undefined) {
          const { value, done } = await reader.read();
          if (done) throw new Error(`JupyterLab did not start: ${said}`);
          said += `${value}\n`;
          address = value.match(/(http:\/\/127\.0\.0\.1:\d+)\/lab/)?.[1];
        }
        const start = await served(address);
        assert.equal(start.headers.get("location"), "/lab/tree/notebooks?");
        await start.body?.cancel();
        const contents = await (await fetch(`${address}/api/contents/?content=1`)).json();
        const names = contents.content.map(({ name }: { name: string }) => name);
        for (const name of ["deno.json", "notebooks", "experiments", "lib"]) {
          assert.ok(names.includes(name), name);
        }
      } finally {
        lab.kill("SIGTERM"); // goes on to JupyterLab
        while (!(await reader.read()).done);
        assert.equal((await lab.status).success, true);
      }
    });
  },
});
