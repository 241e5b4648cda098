import assert from "node:assert/strict";
import { join } from "node:path";
import { downloadModel, isHubId } from "../../../lib/policy/io/hub.ts";
import { openModel, openTokenizer } from "../../../lib/policy/io/load.ts";
import { writeSafetensors } from "../../../lib/policy/io/safetensors_writer.ts";
import { assertUserError } from "../../support/errors.ts";
import { type FakeHub, startFakeHub } from "../../support/fake_hub.ts";
import { withHub } from "../../support/hub_model.ts";
import { withTempDir } from "../../support/temp_dir.ts";
import { tinyTensors } from "../../support/tiny_model.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const FAST = { retryMs: 1 };
const WEIGHTS = "model.safetensors";

const rangesOf = (hub: FakeHub) =>
  hub.requests.flatMap(({ line }) =>
    line.includes(WEIGHTS) && !line.endsWith("bytes=0-0") ? [line.split(" ")[2] ?? "whole"] : []
  );

Deno.test("hub ids: owner/name with an optional revision, and nothing that is a path", () => {
  for (
    const id of ["owner/name", "HuggingFaceTB/SmolLM2-135M-Instruct", "a/b@v1.0", "a/b_c.d@x/y"]
  ) {
    assert.ok(isHubId(id), id);
  }
  for (
    const id of ["name", "./a", "../a", "/a/b", "a/b/c", "a/..", "a/b@../x", "a//b", "a/b@", ""]
  ) {
    assert.ok(!isHubId(id), id);
  }
});

Deno.test(
  "a hub model is downloaded whole, once, and then serves without the hub",
  withHub(async (hub, dir) => {
    const seen: { bytes: number; totalBytes: number }[] = [];
    const model = await openModel("owner/name", { onDownload: (progress) => seen.push(progress) });
    assert.equal(model.origin, `owner/name@${COMMIT}`);
    const local = await openModel(join(dir, "source"));
    assert.equal(model.fingerprint, local.fingerprint);
    assert.equal(model.tokenizer.fingerprint, local.tokenizer.fingerprint);
    assert.ok(!hub.requests.some(({ line }) => /README|pytorch/.test(line)));
    const last = seen.at(-1)!;
    assert.equal(last.bytes, last.totalBytes);
    assert.ok(seen.every((progress, i) => i === 0 || progress.bytes >= seen[i - 1]!.bytes));

    const count = hub.requests.length;
    await openModel("owner/name@main");
    assert.equal(hub.requests.length, count + 1, "only the revision is asked again");
    await openModel(`owner/name@${COMMIT}`);
    assert.equal(hub.requests.length, count + 1, "a commit needs no question");
    await hub.stop();
    assert.equal((await openModel("owner/name")).fingerprint, local.fingerprint);
    await assertUserError(() => openModel("owner/name@v1"), "owner/name", "v1", hub.url);
  }),
);

Deno.test(
  "a tokenizer is fetched without the weights, which come when they are asked for",
  withHub(async (hub, dir) => {
    const local = await openModel(join(dir, "source"));
    const seen: string[] = [];
    const onDownload = ({ file }: { file: string }) => void seen.push(file);
    const tokenizer = await openTokenizer("owner/name", { onDownload });
    assert.equal(tokenizer.fingerprint, local.tokenizer.fingerprint);
    assert.deepEqual(rangesOf(hub), []);
    assert.ok(seen.includes("tokenizer.json"));
    const count = hub.requests.length;
    await openTokenizer("owner/name");
    assert.equal(hub.requests.length, count + 1, "only the revision is asked again");
    assert.equal((await openModel("owner/name")).fingerprint, local.fingerprint);
    assert.ok(rangesOf(hub).length > 0);
    await hub.stop();
    assert.equal((await openTokenizer("owner/name")).fingerprint, tokenizer.fingerprint);
  }),
);

Deno.test(
  "a cut download goes on where it stopped",
  withHub(async (hub) => {
    hub.behaviour.cut = { file: WEIGHTS, bytes: 5000, times: 2 };
    await downloadModel("owner/name", FAST);
    const ranges = rangesOf(hub);
    assert.equal(ranges.length, 3);
    assert.equal(ranges[0], "whole");
    const starts = ranges.slice(1).map((range) => Number(/bytes=(\d+)-/.exec(range)![1]));
    assert.ok(starts[0]! > 0 && starts[1]! > starts[0]!, ranges.join());
    await openModel("owner/name");
  }),
);

Deno.test(
  "a download that was given up is never taken for whole, and the next run continues it",
  withHub(async (hub, dir) => {
    hub.behaviour.cut = { file: WEIGHTS, bytes: 1000, times: 100 };
    await assertUserError(
      () => downloadModel("owner/name", FAST),
      "owner/name",
      "again to continue",
    );
    const folder = join(dir, "cache", "sera", "hub", "owner--name", COMMIT);
    const names = [...Deno.readDirSync(folder)].map((entry) => entry.name);
    assert.ok(names.some((name) => name.endsWith(".incomplete")), names.join());
    assert.ok(!names.includes(WEIGHTS));
    hub.behaviour.cut.times = 0;
    hub.requests.length = 0;
    const model = await openModel("owner/name");
    assert.equal(model.fingerprint, (await openModel(join(dir, "source"))).fingerprint);
  }),
);

Deno.test(
  "an incomplete file of a killed process is continued",
  withHub(async (hub, dir) => {
    const folder = join(dir, "cache", "sera", "hub", "owner--name", COMMIT);
    await Deno.mkdir(folder, { recursive: true });
    const bytes = await Deno.readFile(join(dir, "source", WEIGHTS));
    await Deno.writeFile(join(folder, `${WEIGHTS}.incomplete`), bytes.subarray(0, 777));
    await openModel("owner/name");
    assert.deepEqual(rangesOf(hub), [`bytes=777-${bytes.length - 1}`]);
    assert.deepEqual(await Deno.readFile(join(folder, WEIGHTS)), bytes);
  }),
);

Deno.test(
  "a hub that ignores ranges, or a wrong leftover, costs a fresh download",
  withHub(async (hub, dir) => {
    hub.behaviour.ignoreRanges = true;
    const folder = join(dir, "cache", "sera", "hub", "owner--name", COMMIT);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(join(folder, `${WEIGHTS}.incomplete`), new Uint8Array(50).fill(7));
    await openModel("owner/name");
    assert.deepEqual(
      await Deno.readFile(join(folder, WEIGHTS)),
      await Deno.readFile(join(dir, "source", WEIGHTS)),
    );
  }),
);

for (const file of [WEIGHTS, "tokenizer.json"]) {
  Deno.test(
    `bytes that do not match the listed hash are refused: ${file}`,
    withHub(async (hub, dir) => {
      hub.behaviour.corrupt = file;
      await assertUserError(() => downloadModel("owner/name", FAST), "owner/name", file, "hash");
      const folder = join(dir, "cache", "sera", "hub", "owner--name", COMMIT);
      assert.ok(![...Deno.readDirSync(folder)].some(({ name }) => name === file));
    }),
  );
}

Deno.test(
  "HF_TOKEN is sent to the hub; without it a closed model says so",
  withHub(async (hub) => {
    hub.behaviour.token = "hf_secret";
    await assertUserError(() => openModel("owner/name"), "owner/name", "set HF_TOKEN");
    Deno.env.set("HF_TOKEN", "hf_secret");
    hub.requests.length = 0;
    await openModel("owner/name");
    assert.ok(hub.requests.every(({ authorization }) => authorization === "Bearer hf_secret"));
    Deno.env.set("HF_TOKEN", "secret");
    await assertUserError(() => openModel("owner/name"), "HF_TOKEN", "hf_");
  }),
);

Deno.test(
  "a model that is not on the hub says that it was taken for a hub id",
  withHub((hub) =>
    assertUserError(
      () => openModel("nobody/nothing"),
      "nobody/nothing",
      "taken for a hub id",
      hub.url,
      "no such model",
    )
  ),
);

Deno.test(
  "of a sharded model the shards of its index are downloaded",
  withHub(async (hub, dir) => {
    await hub.stop();
    const source = join(dir, "source");
    const local = await openModel(source);
    const tensors = [...tinyTensors(local.config, 1)];
    const shards = {
      "model-1.safetensors": tensors.slice(0, 5),
      "model-2.safetensors": tensors.slice(5),
    };
    const weight_map: Record<string, string> = {};
    const files = new Map<string, Uint8Array>();
    for (const [name, part] of Object.entries(shards)) {
      await writeSafetensors(join(dir, name), new Map(part));
      files.set(name, await Deno.readFile(join(dir, name)));
      for (const [tensor] of part) weight_map[tensor] = name;
    }
    files.set("model-3.safetensors", new Uint8Array(9));
    files.set(`${WEIGHTS}.index.json`, new TextEncoder().encode(JSON.stringify({ weight_map })));
    for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
      files.set(name, await Deno.readFile(join(source, name)));
    }
    const sharded = startFakeHub(files);
    Deno.env.set("HF_ENDPOINT", sharded.url);
    try {
      const model = await openModel("owner/name");
      for (const [name, { data }] of tensors) {
        assert.deepEqual(await model.weights.read(name), data);
      }
      assert.ok(!sharded.requests.some(({ line }) => line.includes("model-3")));
    } finally {
      await sharded.stop();
    }
  }),
);

Deno.test("a hub model without safetensors is refused", () =>
  withTempDir(async (dir) => {
    const hub = startFakeHub(new Map([["config.json", new TextEncoder().encode("{}")]]));
    Deno.env.set("SERA_CACHE", dir);
    Deno.env.set("HF_ENDPOINT", hub.url);
    try {
      await assertUserError(() => openModel("owner/name"), "owner/name", "no safetensors");
    } finally {
      Deno.env.delete("SERA_CACHE");
      Deno.env.delete("HF_ENDPOINT");
      await hub.stop();
    }
  }));
