/** Device files under the permissions of the tasks, which may not look into /dev themselves. */
import assert from "node:assert/strict";
import { moduleText, printedUnder } from "../support/printed_under.ts";

Deno.test({
  name: "a device is seen under a task's permissions, and one that is not there is not",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const script = `import { present } from ${moduleText("lib/engine/devices.ts")};
      console.log(present(["/dev/none", "/dev/null"]), present(["/dev/none"]));`;
    for (const permissions of ["-P=model", "-P=local", "-A"]) {
      assert.equal(await printedUnder(permissions, script), "true false\n", permissions);
    }
  },
});
