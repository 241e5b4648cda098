import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { Artefacts } from "../../lib/storage/artefacts.ts";
import { crashAt, crashes, fullDisk, inTemporaryFolder } from "./crash.ts";

Deno.test("a crash at any operation leaves the old artefact or the new one, whole", async () => {
  const old = "old\n".repeat(10);
  const fresh = "new\n".repeat(3_000_000); // several writes of 4 MiB
  let last = 0;
  for (let n = 1;; n++) {
    let done = false;
    await inTemporaryFolder((folder) => {
      new Artefacts(folder).writeText("a.txt", old);
      const { probe } = crashAt(n);
      const crashed = crashes(() => new Artefacts(folder, probe).writeText("a.txt", fresh));
      const after = new Artefacts(folder);
      const text = after.readText("a.txt");
      assert.ok(text === old || text === fresh, `torn after a crash at operation ${n}`);
      after.removeLeftovers();
      assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), ["a.txt"]);
      if (!crashed) assert.equal(text, fresh);
      done = !crashed;
    });
    last = n;
    if (done) break;
  }
  assert.ok(last > 6, `only ${last} points were tried`);
});

Deno.test("rows are written in runs of few characters: none is as long as a string may be", () =>
  inTemporaryFolder((folder) => {
    const rows = [{ b: 1, a: "é" }, null, "x".repeat(30), 4];
    const writes = (buffered?: number) => {
      let count = 0;
      const log = new Artefacts(folder, (operation) => {
        if (operation === "write") count++;
      });
      log.writeJsonl("log.jsonl", rows, buffered);
      assert.deepEqual(new Artefacts(folder).readJsonl("log.jsonl"), rows);
      assert.equal(log.appendJsonl("log.jsonl", 5), 5);
      return count - 1;
    };
    assert.deepEqual([writes(), writes(1), writes(20)], [1, 4, 3]);
    assert.equal(
      Deno.readTextFileSync(join(folder, "log.jsonl")),
      `{"a":"é","b":1}\nnull\n"${"x".repeat(30)}"\n4\n5\n`,
    );
    new Artefacts(folder).writeJsonl("none.jsonl", []);
    assert.equal(Deno.readTextFileSync(join(folder, "none.jsonl")), "");
  }));

Deno.test("a torn last row is cut before the next one is added", () =>
  inTemporaryFolder((folder) => {
    const path = join(folder, "log.jsonl");
    for (const torn of ['{"step":3,"lo', "\0\0\0", '{"text":"\u00e9'.slice(0, 10)]) {
      Deno.writeTextFileSync(path, '{"step":1}\n{"step":2}\n' + torn);
      const log = new Artefacts(folder);
      assert.deepEqual(log.readJsonl("log.jsonl"), [{ step: 1 }, { step: 2 }]);
      assert.equal(log.appendJsonl("log.jsonl", { step: 3 }), 3);
      assert.equal(Deno.readTextFileSync(path), '{"step":1}\n{"step":2}\n{"step":3}\n');
    }
  }));

Deno.test("a tail torn inside a character is cut too", () =>
  inTemporaryFolder((folder) => {
    const path = join(folder, "log.jsonl");
    const bytes = new TextEncoder().encode('{"a":"é"}\n{"b":"é');
    Deno.writeFileSync(path, bytes.subarray(0, bytes.length - 1));
    new Artefacts(folder).appendJsonl("log.jsonl", 1);
    assert.equal(Deno.readTextFileSync(path), '{"a":"é"}\n1\n');
  }));

Deno.test("a log is cut back to the rows that the checkpoint knows", () =>
  inTemporaryFolder((folder) => {
    const log = new Artefacts(folder);
    for (const text of ["é", "b", "c"]) log.appendJsonl("log.jsonl", { text });
    log.keepJsonl("log.jsonl", 1);
    assert.equal(log.appendJsonl("log.jsonl", { text: "d" }), 2);
    assert.deepEqual(new Artefacts(folder).readJsonl("log.jsonl"), [{ text: "é" }, { text: "d" }]);
    assert.throws(() => log.keepJsonl("log.jsonl", 9), /has 2 rows where the checkpoint says 9/);
    log.keepJsonl("none.jsonl", 0);
    assert.deepEqual(log.readJsonl("none.jsonl"), []);
  }));

Deno.test("a bad line in a log is named", () =>
  inTemporaryFolder((folder) => {
    Deno.writeTextFileSync(join(folder, "log.jsonl"), "{}\n{oops\n");
    assert.throws(() => new Artefacts(folder).readJsonl("log.jsonl"), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /log\.jsonl:2 is not valid JSON/);
      return true;
    });
  }));

Deno.test("a full disk is told in one line, and nothing before is lost", () =>
  inTemporaryFolder((folder) => {
    const before = new Artefacts(folder);
    before.writeJson("record.json", { a: 1 });
    before.appendJsonl("log.jsonl", 1);
    const full = new Artefacts(folder, (operation) => {
      if (operation === "sync") throw fullDisk();
    });
    const isFull = (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(
        error.message,
        /^disk full while writing .*; nothing before was lost; free space/,
      );
      assert.ok(!error.message.includes("\n"));
      return true;
    };
    assert.throws(() => full.writeJson("record.json", { a: 2 }), isFull);
    assert.throws(() => full.appendJsonl("log.jsonl", 2), isFull);
    assert.deepEqual(before.readJson("record.json"), { a: 1 });
    assert.equal(Deno.readTextFileSync(join(folder, "log.jsonl")), "1\n");
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map((entry) => entry.name).sort(),
      ["log.jsonl", "record.json"],
    );
  }));

Deno.test("a really full disk is told the same way", async (t) => {
  await inTemporaryFolder(async (folder) => {
    const mount = await new Deno.Command("mount", {
      args: ["-t", "tmpfs", "-o", "size=64k", "sera-test", folder],
      stdout: "null",
      stderr: "null",
    }).output().catch(() => ({ success: false }));
    await t.step({
      name: "on a tmpfs of 64 KiB (needs the right to mount)",
      ignore: !mount.success,
      fn: () => {
        const artefacts = new Artefacts(folder);
        artefacts.writeText("small.txt", "kept");
        artefacts.appendJsonl("log.jsonl", "row");
        assert.throws(() => artefacts.writeText("small.txt", "x".repeat(200_000)), /disk full/);
        assert.throws(() => artefacts.appendJsonl("log.jsonl", "x".repeat(200_000)), /disk full/);
        assert.equal(artefacts.readText("small.txt"), "kept");
        assert.deepEqual(artefacts.readJsonl("log.jsonl"), ["row"]);
        artefacts.writeText("small.txt", "room again");
      },
    });
    if (mount.success) await new Deno.Command("umount", { args: [folder] }).output();
  });
});

Deno.test("names cannot leave the folder", () =>
  inTemporaryFolder((folder) => {
    const artefacts = new Artefacts(folder);
    for (const name of ["", "../a", "a/../../b", "/etc/x", "./a", "a//b", "a/.."]) {
      assert.throws(() => artefacts.path(name), RangeError, name);
    }
    artefacts.writeText("deep/er/a.txt", "x");
    assert.ok(artefacts.has("deep/er/a.txt"));
    assert.deepEqual(artefacts.list("deep/er"), ["deep/er/a.txt"]);
    assert.ok(!artefacts.has("deep"));
  }));

Deno.test("reading what is not there or not JSON names the file", () =>
  inTemporaryFolder((folder) => {
    const artefacts = new Artefacts(folder);
    assert.throws(() => artefacts.readJson("none.json"), /cannot read .*none\.json/);
    artefacts.writeText("bad.json", "{");
    assert.throws(() => artefacts.readJson("bad.json"), /bad\.json is not valid JSON/);
  }));
