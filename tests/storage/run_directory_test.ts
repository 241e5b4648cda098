import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { openRunDirectory } from "../../lib/storage/run_directory.ts";
import { crashAt, crashes, inTemporaryFolder } from "./crash.ts";

const config = { loss: { name: "dpo", beta: 0.1 }, seed: 0, model: "smollm2.gguf" };

function userError(pattern: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes("\n"));
    return true;
  };
}

/** Every file below a folder with its content. */
function contentOf(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) Object.assign(files, contentOf(path));
    else if (entry.name !== ".lock") files[path] = Deno.readTextFileSync(path);
  }
  return files;
}

Deno.test("a run's folder is made, continued and finished", () =>
  inTemporaryFolder((parent) => {
    const folder = join(parent, "runs", "a");
    {
      using run = openRunDirectory(folder, config);
      assert.deepEqual([run.resumed, run.finished], [false, false]);
      run.saveCheckpoint({ position: 4, tensors: new Map(), state: { step: 4 } });
    }
    {
      const reordered = { seed: 0, model: "smollm2.gguf", loss: { beta: 0.1, name: "dpo" } };
      using run = openRunDirectory(folder, reordered);
      assert.deepEqual([run.resumed, run.finished], [true, false]);
      assert.deepEqual(run.loadLatestCheckpoint()?.state, { step: 4 });
      run.writeJson("record.json", { loss: 0.6 });
      run.finish();
    }
    using run = openRunDirectory(folder, config);
    assert.deepEqual([run.resumed, run.finished], [true, true]);
    assert.equal(run.loadLatestCheckpoint(), undefined);
    assert.deepEqual(run.readJson("record.json"), { loss: 0.6 });
  }));

Deno.test("another config is refused with the keys that differ, and changes nothing", () =>
  inTemporaryFolder((folder) => {
    openRunDirectory(folder, config).close();
    const before = contentOf(folder);
    const other = { loss: { name: "ipo", beta: 0.1 }, seed: 1, model: "smollm2.gguf", rank: 8 };
    assert.throws(
      () => openRunDirectory(folder, other),
      userError(
        /holds a run with other options: loss\.name was "dpo", is "ipo"; rank was absent, is 8; seed was 0, is 1; choose another --out/,
      ),
    );
    assert.deepEqual(contentOf(folder), before);
    openRunDirectory(folder, config).close();
  }));

Deno.test("a folder or file that is not ours is refused and left as it is", () =>
  inTemporaryFolder((folder) => {
    const cases = { "notes.txt": "mine", "config.json": '{"config":{}}', ".hidden": "" };
    for (const [name, text] of Object.entries(cases)) {
      const foreign = join(folder, `with-${name}`);
      Deno.mkdirSync(foreign);
      Deno.writeTextFileSync(join(foreign, name), text);
      for (const force of [false, true]) {
        assert.throws(
          () => openRunDirectory(foreign, config, { force }),
          userError(/is not empty and holds no run of ours .*choose a new or empty folder/),
        );
      }
      assert.deepEqual([...Deno.readDirSync(foreign)].map((entry) => entry.name), [name]);
    }
    const file = join(folder, "file");
    Deno.writeTextFileSync(file, "");
    assert.throws(() => openRunDirectory(file, config), userError(/is a file; choose another/));
    assert.throws(() => openRunDirectory(join(file, "a"), config), userError(/file/));
  }));

Deno.test("a config changed by hand is refused", () =>
  inTemporaryFolder((folder) => {
    openRunDirectory(folder, config).close();
    const path = join(folder, "config.json");
    Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("dpo", "ipo"));
    const changed = { ...config, loss: { name: "ipo", beta: 0.1 } };
    assert.throws(() => openRunDirectory(folder, changed), userError(/was changed by hand/));
    // What JSON can say and no config can hold.
    Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("0.1", "1e400"));
    assert.throws(() => openRunDirectory(folder, changed), userError(/was changed by hand/));
    Deno.writeTextFileSync(path, "null");
    assert.throws(() => openRunDirectory(folder, changed), userError(/./));
  }));

Deno.test("a finished run goes on where a key that may grow has grown, and nothing else differs", () =>
  inTemporaryFolder((folder) => {
    const sera = (iterations: number, seed = 0) => ({ sera: { iterations }, seed });
    const growing = { growing: ["sera.iterations"] };
    const first = openRunDirectory(folder, sera(2));
    first.writeText("values/x.json", "kept");
    first.finish();
    first.close();
    for (const config of [sera(1), sera(4, 1)]) {
      assert.throws(() => openRunDirectory(folder, config, growing), userError(/other options/));
    }
    assert.throws(() => openRunDirectory(folder, sera(4)), userError(/iterations was 2, is 4/));
    {
      using same = openRunDirectory(folder, sera(2), growing);
      assert.deepEqual([same.finished, same.grown], [true, null]);
    }
    {
      using longer = openRunDirectory(folder, sera(4), growing);
      assert.deepEqual([longer.finished, longer.resumed], [false, true]);
      assert.equal(longer.grown, "sera.iterations was 2, is 4");
      assert.equal(longer.readText("values/x.json"), "kept");
    }
    using again = openRunDirectory(folder, sera(4), growing);
    assert.deepEqual([again.finished, again.grown], [false, null]);
  }));

Deno.test("force sets the old run aside and loses nothing", () =>
  inTemporaryFolder((folder) => {
    for (const seed of [0, 1, 2]) {
      using run = openRunDirectory(folder, { seed }, { force: true });
      assert.equal(run.resumed, false);
      run.writeText("adapter/weights.txt", `of seed ${seed}`);
    }
    const read = (name: string) => Deno.readTextFileSync(join(folder, name, "adapter/weights.txt"));
    assert.deepEqual(
      ["previous-1", "previous-2", "."].map(read),
      [0, 1, 2].map((n) => `of seed ${n}`),
    );
    assert.match(Deno.readTextFileSync(join(folder, "previous-2", "config.json")), /"seed": ?1/);
  }));

Deno.test("a folder is written by one at a time, in one process too", () =>
  inTemporaryFolder((folder) => {
    const first = openRunDirectory(folder, config);
    assert.throws(
      () => openRunDirectory(folder, config),
      userError(new RegExp(`is being written by process ${Deno.pid} on `)),
    );
    first.close();
    openRunDirectory(folder, config).close();
  }));

Deno.test("a crash at any operation of the first opening can be repeated", async () => {
  for (let n = 1, crashed = true; crashed; n++) {
    await inTemporaryFolder((folder) => {
      crashed = crashes(() =>
        openRunDirectory(folder, config, { probe: crashAt(n).probe }).close()
      );
      using run = openRunDirectory(folder, config);
      assert.equal(run.finished, false);
      assert.deepEqual(
        [...Deno.readDirSync(folder)].map((entry) => entry.name).sort(),
        [".lock", "config.json", "state.json"],
      );
    });
  }
});
