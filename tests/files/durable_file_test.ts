import assert from "node:assert/strict";
import { join } from "node:path";
import { appendDurably, DurableWriter, writeDurably } from "../../lib/files/durable_file.ts";
import { startHeldWriter } from "../support/held_writer.ts";
import { leaveBehind, leftBehind } from "../support/left_behind.ts";
import { withTempDir } from "../support/temp_dir.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("two writers of one file do not disturb each other; the last to finish counts", () =>
  withTempDir((dir) => {
    const path = join(dir, "cache", "entry.json");
    {
      using first = new DurableWriter(path);
      using second = new DurableWriter(path);
      first.write(bytes("fir"));
      second.write(bytes("second"));
      first.write(bytes("st"));
      second.finish();
      assert.equal(Deno.readTextFileSync(path), "second");
      first.finish();
      using _given_up = new DurableWriter(path);
    }
    assert.equal(Deno.readTextFileSync(path), "first");
    assert.deepEqual([...Deno.readDirSync(join(dir, "cache"))].map(({ name }) => name), [
      "entry.json",
    ]);
    return Promise.resolve();
  }));

Deno.test("a leftover of a dead process with our id and number is no obstacle", () =>
  withTempDir((dir) => {
    const path = join(dir, "a");
    const taken: string[] = [];
    const note = (operation: string, at: string) => {
      if (operation !== "create" || taken.length > 0) return;
      taken.push(at);
      Deno.writeTextFileSync(at, "left over");
    };
    writeDurably(path, [bytes("new")], note);
    assert.equal(Deno.readTextFileSync(path), "new");
    assert.equal(Deno.readTextFileSync(taken[0] as string), "left over");
    return Promise.resolve();
  }));

Deno.test("what a killed process half-wrote is removed by the next writer; living ones and other hosts keep theirs", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "train.jsonl");
    const names = () => [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    const killed = await startHeldWriter(path);
    const [left] = names();
    assert.match(left ?? "", /^train\.jsonl\..+-\d+-1\.being-written$/);
    await killed.kill();
    const living = await startHeldWriter(join(dir, "other.jsonl")); // writes here: it tidies up
    const [held] = names();
    assert.deepEqual(names(), [held], "the killed process's file is still there");

    const ours = `.${Deno.hostname()}-`;
    const dead = [
      `train.jsonl${ours}1-1.being-written`,
      `.writable${ours}99999999-3.being-written`,
    ];
    const stay = [
      "train.jsonl.elsewhere-1-1.being-written", // on a machine whose locks may not be seen here
      `train.jsonl${ours}1.being-written`,
      `notes${ours}1-1`,
      "mine.being-written",
    ];
    for (const name of [...dead, ...stay]) Deno.writeTextFileSync(join(dir, name), "half");
    writeDurably(path, [bytes("new")]);
    assert.deepEqual(names(), [held, ...stay, "train.jsonl"].sort());
    await living.finish();
    assert.equal(Deno.readTextFileSync(join(dir, "other.jsonl")), "half and half");
    assert.deepEqual(names(), [...stay, "other.jsonl", "train.jsonl"].sort());
  }));

Deno.test("a log that is only added to is a place where what was half-written goes too", () =>
  withTempDir((dir) => {
    const path = join(dir, "records.jsonl");
    leaveBehind(path);
    assert.equal(leftBehind(dir).length, 1);
    appendDurably(path, bytes("{}\n"));
    assert.deepEqual(leftBehind(dir), []);
    return Promise.resolve();
  }));

Deno.test("what another process adds meanwhile is not written over", () =>
  withTempDir((dir) => {
    const path = join(dir, "answers.jsonl");
    appendDurably(path, bytes("first\n"));
    appendDurably(path, bytes("second\n"), (operation) => {
      if (operation === "write") Deno.writeTextFileSync(path, "other\n", { append: true });
    });
    assert.equal(Deno.readTextFileSync(path), "first\nother\nsecond\n");
    const full = (operation: string) => {
      if (operation === "sync") throw new Error("full");
    };
    assert.throws(() => appendDurably(path, bytes("third\n"), full), /full/);
    assert.equal(Deno.readTextFileSync(path), "first\nother\nsecond\n");
    return Promise.resolve();
  }));

Deno.test("many processes write one file at once, and all succeed", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "shared.json");
    const script = `
      import { writeDurably } from ${
      JSON.stringify(import.meta.resolve("../../lib/files/durable_file.ts"))
    };
      for (let i = 0; i < 50; i++) writeDurably(${
      JSON.stringify(path)
    }, [new TextEncoder().encode("x".repeat(5000))]);
    `;
    const ended = await Promise.all(
      Array.from(
        { length: 4 },
        () => new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", script] }).output(),
      ),
    );
    assert.deepEqual(ended.map(({ success }) => success), [true, true, true, true]);
    assert.equal(Deno.readTextFileSync(path), "x".repeat(5000));
    assert.equal([...Deno.readDirSync(dir)].length, 1);
  }));
