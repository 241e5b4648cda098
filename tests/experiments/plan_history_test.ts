/** The check of the plan's history, on a repository of a few commits. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { changedSince, gitIn, ranBefore } from "./plan_history.ts";

const hasGit = await gitIn(".", "--version") !== undefined;
const partOf = (page: string) => {
  const found = /<(.*)>/s.exec(page)?.[1];
  if (found === undefined) throw new RangeError("no part");
  return found;
};

Deno.test({
  name: "since when a part stands, and which runs came before" +
    (hasGit ? "" : " (skipped: no git)"),
  ignore: !hasGit,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const run = async (...args: string[]) => {
        const output = await gitIn(folder, "-c", "user.name=t", "-c", "user.email=t@t", ...args);
        assert.ok(output !== undefined, args.join(" "));
        return output;
      };
      const commit = async (text: string, name = "plan.md") => {
        await Deno.writeTextFile(join(folder, name), text);
        await run("add", ".");
        await run("commit", "-qm", name);
        return await run("rev-parse", "HEAD");
      };
      await run("init", "-q");
      const first = await commit("no part");
      const early = await commit("a <old claims>");
      const planned = await commit("a <claims>");
      const prose = await commit("more words <claims>");
      const later = await commit("code", "other.ts");
      const since = (page: string) => changedSince("plan.md", page, partOf, folder);
      assert.equal(await since("any words <claims>"), planned, "prose may change");
      assert.equal(await since("a <edited claims>"), undefined, "not committed");
      assert.equal(await changedSince("none.md", "<claims>", partOf, folder), undefined);
      assert.deepEqual(
        await ranBefore(planned, [first, early, planned, prose, later, "0".repeat(40)], folder),
        [first, early, "0".repeat(40)],
      );
      const back = await commit("a <old claims>");
      assert.equal(await since("a <old claims>"), back, "an older state that came back is new");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
