import assert from "node:assert/strict";
import { join } from "node:path";
import { followProcess, parseProgress } from "../../lib/notebook/follow.ts";
import { fakeKernel } from "./fake_kernel.ts";

const child = (code: string) => ["eval", "--no-config", code];

Deno.test("a child's progress is drawn to its end", async () => {
  const kernel = fakeKernel();
  const seen: number[] = [];
  const last = await followProcess({
    title: "runs",
    args: child(`
      console.log("a line that is no progress");
      for (let done = 0; done <= 4; done++) console.log(JSON.stringify({ done, total: 4 }));`),
    onProgress: ({ done }) => void seen.push(done),
  }, kernel);
  assert.deepEqual(last, { done: 4, total: 4 });
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  assert.match(kernel.messages.at(-1)!.content.data["text/plain"]!, /100 %, 4 of 4$/);
});

Deno.test("a failing child is a one-line error with its last lines", async () => {
  await assert.rejects(
    followProcess({
      title: "runs",
      args: child(`console.error("no such study"); Deno.exit(3);`),
    }, fakeKernel()),
    { name: "UserError", message: /runs: .* code 3; its last lines: no such study$/ },
  );
});

Deno.test("killing the notebook loses no finished work, and the next cell goes on from it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const work = child(`
      for (let done = 1; done <= 6; done++) {
        const file = ${JSON.stringify(folder)} + "/" + done;
        try { Deno.statSync(file); continue; } catch { /* not done yet */ }
        await new Promise((resolve) => setTimeout(resolve, 150));
        Deno.writeTextFileSync(file, "x", { createNew: true });
        console.log(JSON.stringify({ done, total: 6 }));
      }
      console.log(JSON.stringify({ done: 6, total: 6 }));`);
    const module = new URL("../../lib/notebook/follow.ts", import.meta.url).href;
    const notebook = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { followProcess } from ${JSON.stringify(module)};
        await followProcess({ title: "runs", args: ${JSON.stringify(work)} },
          { broadcast: (_type, { data }) => (console.log(data["text/plain"]), Promise.resolve()) });`,
      ],
      stdout: "piped",
      stderr: "inherit",
      cwd: new URL("../..", import.meta.url),
    }).spawn();
    for await (const chunk of notebook.stdout) {
      if (new TextDecoder().decode(chunk).includes("of 6")) break;
    }
    notebook.kill("SIGKILL");
    await notebook.status;
    const kept = [...Deno.readDirSync(folder)].length;
    assert.ok(kept >= 1, "the first run was not kept");
    await new Promise((resolve) => setTimeout(resolve, 1200)); // whatever was left running has ended
    await followProcess({ title: "runs", args: work }, fakeKernel());
    assert.equal([...Deno.readDirSync(folder)].length, 6);
    assert.ok(Deno.statSync(join(folder, "6")).isFile);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("only JSON objects with counts are progress", () => {
  assert.equal(parseProgress("{not json"), undefined);
  assert.equal(parseProgress('{"done": 1}'), undefined);
  assert.deepEqual(parseProgress('{"done": 1, "total": 2}'), { done: 1, total: 2 });
});
