/** Device files under the permissions of the tasks, which may not look into /dev themselves. */
import assert from "node:assert/strict";
import { projectRoot } from "../../lib/engine/layout.ts";

Deno.test({
  name: "a device is seen under a task's permissions, and one that is not there is not",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const module = JSON.stringify(new URL("lib/engine/devices.ts", `file://${projectRoot}`).href);
    for (const permissions of ["-P=model", "-P=local", "-A"]) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", permissions, "--no-prompt", "--no-check", "--quiet", "--ext=ts", "-"],
        cwd: projectRoot,
        ...{ stdin: "piped", stdout: "piped", stderr: "inherit" } as const,
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(
        `import { present } from ${module};
         console.log(present(["/dev/none", "/dev/null"]), present(["/dev/none"]));`,
      ));
      await writer.close();
      const { stdout } = await child.output();
      assert.equal(new TextDecoder().decode(stdout), "true false\n", permissions);
    }
  },
});
