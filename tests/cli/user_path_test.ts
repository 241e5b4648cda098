import assert from "node:assert/strict";
import { join } from "node:path";
import { userPath } from "../../lib/cli/user_path.ts";

Deno.test("paths start from where the user stands, and from their home after ~", () => {
  const home = Deno.env.get("HOME") ?? "";
  const stands = Deno.env.get("INIT_CWD") || Deno.cwd();
  assert.equal(userPath("runs/a"), join(stands, "runs", "a"));
  assert.equal(userPath("/runs/a"), "/runs/a");
  assert.equal(userPath("~/runs/a"), join(home, "runs", "a"));
  assert.equal(userPath("~"), home);
  assert.equal(userPath("~other/a"), join(stands, "~other", "a"), "no other user's home");
});
