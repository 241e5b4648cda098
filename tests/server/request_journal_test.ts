import assert from "node:assert/strict";
import { join } from "node:path";
import { RequestJournal } from "../../lib/server/request_journal.ts";
import { sideBySide } from "../../lib/server/side_by_side.ts";
import { withTempDir } from "../support/temp_dir.ts";

Deno.test("equal requests under way at once are made once, and kept once", async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "answers.jsonl");
    const journal = new RequestJournal<string>(path);
    let calls = 0;
    const answers = await sideBySide(
      ["a", "b", "a", "a", "b", "a"],
      6,
      (request) =>
        journal.once(request, async () => {
          calls++;
          await new Promise((resolve) => setTimeout(resolve, 10));
          return `answer ${request}`;
        }),
    );
    assert.deepEqual(answers, ["a", "b", "a", "a", "b", "a"].map((name) => `answer ${name}`));
    assert.equal(calls, 2);
    assert.equal(Deno.readTextFileSync(path).trimEnd().split("\n").length, 2);
    const again = new RequestJournal<string>(path);
    assert.equal(await again.once("a", () => Promise.reject("asked again")), "answer a");
  });
});

Deno.test("a failure is that of every equal request under way, and is not kept", async () => {
  await withTempDir(async (dir) => {
    const journal = new RequestJournal<number>(join(dir, "answers.jsonl"));
    let calls = 0;
    const failing = () => {
      calls++;
      return Promise.reject(new Error("gone"));
    };
    const settled = await Promise.allSettled([1, 2, 3].map(() => journal.once("a", failing)));
    assert.deepEqual(settled.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
    assert.equal(calls, 1);
    assert.equal(await journal.once("a", () => Promise.resolve(7)), 7);
  });
});
