import assert from "node:assert/strict";
import { join } from "node:path";
import { Artefacts } from "../../lib/storage/artefacts.ts";
import { LogpCache, type LogpKey, sharedLogpCache } from "../../lib/storage/logp_cache.ts";
import { inTemporaryFolder } from "./crash.ts";

const key: LogpKey = {
  model: "m1",
  adapter: null,
  tokenizer: "t1",
  data: "d1",
  settings: { backend: "tensorflow", maxLength: 64 },
};
const columns = {
  chosenLogps: Float64Array.of(-12.345678901234567, -0.1, -1e-300),
  rejectedLogps: Float64Array.of(-1 / 3, -700.25, -5),
};
const fail = () => assert.fail("computed although it was cached");
const noWarning = (message: string) => assert.fail(message);

Deno.test("what was computed once is read back to the bit, in another process's cache too", () =>
  inTemporaryFolder(async (folder) => {
    const first = new LogpCache(new Artefacts(folder), noWarning);
    await first.getOrCompute(key, () => Promise.resolve(columns));
    const second = new LogpCache(new Artefacts(folder), noWarning);
    assert.deepEqual(await second.getOrCompute({ ...key }, fail), columns);
  }));

Deno.test("any other part of the key is another entry", () =>
  inTemporaryFolder(async (folder) => {
    const cache = new LogpCache(new Artefacts(folder), noWarning);
    cache.set(key, columns);
    const others: LogpKey[] = [
      { ...key, model: "m2" },
      { ...key, adapter: "a" },
      { ...key, tokenizer: "t2" },
      { ...key, data: "d2" },
      { ...key, settings: { ...key.settings, maxLength: 65 } },
    ];
    for (const [i, other] of others.entries()) {
      const mine = { chosenLogps: Float64Array.of(i) };
      assert.deepEqual(await cache.getOrCompute(other, () => Promise.resolve(mine)), mine);
    }
    assert.deepEqual(cache.get(key), columns);
  }));

Deno.test("a damaged entry, or one under a wrong name, is told, set aside and computed again", () =>
  inTemporaryFolder(async (folder) => {
    const artefacts = new Artefacts(folder);
    const fileOf = (k: LogpKey) => {
      const before = new Set(artefacts.list("logps"));
      new LogpCache(artefacts, noWarning).set(k, columns);
      const name = artefacts.list("logps").find((each) => !before.has(each)) as string;
      return join(folder, name);
    };
    const mine = fileOf(key);
    const other = fileOf({ ...key, model: "m2" });
    const good = Deno.readTextFileSync(mine);
    const damages = [
      good.slice(0, -20),
      good.replace("-700.25", "-700.26"),
      "",
      Deno.readTextFileSync(other),
    ];
    for (const damage of damages) {
      Deno.writeTextFileSync(mine, damage);
      const warnings: string[] = [];
      let computed = 0;
      const cache = new LogpCache(artefacts, (message) => warnings.push(message));
      const back = await cache.getOrCompute(key, () => {
        computed++;
        return Promise.resolve(columns);
      });
      assert.deepEqual([back, computed, warnings.length], [columns, 1, 1]);
      assert.match(warnings[0] ?? "", /are damaged .*computing anew/);
      assert.equal(Deno.readTextFileSync(`${mine}.damaged`), damage, "it is set aside");
    }
  }));

Deno.test("a log-probability that is no number is not kept; who computed it gets it", () =>
  inTemporaryFolder(async (folder) => {
    const cache = new LogpCache(new Artefacts(folder), noWarning);
    assert.throws(
      () => cache.set(key, { chosenLogps: Float64Array.of(-1, NaN) }),
      /columns\.chosenLogps\[1\] is NaN/,
    );
    assert.equal(cache.get(key), undefined);
    const warnings: string[] = [];
    const telling = new LogpCache(new Artefacts(folder), (message) => warnings.push(message));
    const broken = { chosenLogps: Float64Array.of(-1, -Infinity) };
    assert.deepEqual(await telling.getOrCompute(key, () => Promise.resolve(broken)), broken);
    assert.match(
      warnings.join(),
      /^log-probabilities are not kept .*chosenLogps\[1\] is -Infinity/,
    );
    assert.equal(cache.get(key), undefined);
  }));

Deno.test("a full or read-only cache does not stop the work", () =>
  inTemporaryFolder(async (folder) => {
    const code = (name: string) => Object.assign(new Error(name), { code: name });
    for (const problem of ["ENOSPC", "EROFS"]) {
      const warnings: string[] = [];
      const artefacts = new Artefacts(join(folder, problem), (operation) => {
        if (operation === "write") throw code(problem);
      });
      const cache = new LogpCache(artefacts, (message) => warnings.push(message));
      assert.deepEqual(await cache.getOrCompute(key, () => Promise.resolve(columns)), columns);
      assert.match(
        warnings.join(),
        /^log-probabilities are not kept for other runs: (disk full|cannot write)/,
      );
    }
    // Where the folder's place is taken by a file, nothing can be read or made.
    Deno.writeTextFileSync(join(folder, "file"), "");
    const warnings: string[] = [];
    const cache = new LogpCache(new Artefacts(join(folder, "file")), (m) => warnings.push(m));
    assert.deepEqual(await cache.getOrCompute(key, () => Promise.resolve(columns)), columns);
    assert.ok(warnings.length > 0);
  }));

Deno.test("without a folder for caches, as without HOME, the work goes on and says so once", async () => {
  const names = ["SERA_CACHE", "XDG_CACHE_HOME", "HOME", "USERPROFILE"];
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  names.forEach((name) => Deno.env.delete(name));
  try {
    const warnings: string[] = [];
    const cache = sharedLogpCache((message) => warnings.push(message));
    assert.deepEqual(await cache.getOrCompute(key, () => Promise.resolve(columns)), columns);
    assert.deepEqual(warnings, [
      "log-probabilities are not kept for other runs: no folder for caches: " +
      "set SERA_CACHE to one that can be written",
    ]);
  } finally {
    for (const [name, value] of before) if (value !== undefined) Deno.env.set(name, value);
  }
});

Deno.test("processes that share the cache do not disturb each other", () =>
  inTemporaryFolder(async (folder) => {
    const at = (path: string) => JSON.stringify(import.meta.resolve(path));
    const script = `
      const { Artefacts } = await import(${at("../../lib/storage/artefacts.ts")});
      const { LogpCache } = await import(${at("../../lib/storage/logp_cache.ts")});
      const cache = new LogpCache(new Artefacts(${JSON.stringify(folder)}), (m) => console.log(m));
      for (let i = 0; i < 60; i++) cache.set(${JSON.stringify(key)}, { a: Float64Array.of(1, 2) });
    `;
    const runs = await Promise.all(
      Array.from(
        { length: 4 },
        () => new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", script] }).output(),
      ),
    );
    for (const { success, stdout } of runs) {
      assert.deepEqual([success, new TextDecoder().decode(stdout)], [true, ""]);
    }
    assert.equal([...Deno.readDirSync(join(folder, "logps"))].length, 1);
  }));
