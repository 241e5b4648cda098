import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readPreferences } from "../../../lib/data/read_preferences.ts";
import { userPathOrHub } from "../../../lib/cli/user_path.ts";
import { dataPath } from "../../../lib/environments/preference_file/data_path.ts";
import { downloadDataset } from "../../../lib/policy/io/hub_dataset.ts";
import { assertUserError } from "../../support/errors.ts";
import { withTempDir } from "../../support/temp_dir.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const line = (text: string) =>
  `${JSON.stringify({ prompt: text, chosen: `${text}1`, rejected: `${text}2` })}\n`;

/** A hub with the data set owner/name, `use`d with a cache of its own. */
async function withHub(
  files: Readonly<Record<string, string>>,
  use: (requests: string[], stop: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const requests: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    requests.push(pathname);
    if (pathname === "/api/datasets/owner/name/revision/main") {
      return Response.json({ sha: COMMIT });
    }
    if (pathname === `/api/datasets/owner/name/tree/${COMMIT}`) {
      return Response.json(
        Object.entries(files).map(([path, text]) => {
          const oid = createHash("sha1").update(`blob ${text.length}\0${text}`).digest("hex");
          return { type: "file", path, size: text.length, oid };
        }),
      );
    }
    const path = pathname.replace(`/datasets/owner/name/resolve/${COMMIT}/`, "");
    const text = files[path];
    return text === undefined ? new Response("", { status: 404 }) : new Response(text);
  });
  await withTempDir(async (cache) => {
    const before = ["SERA_CACHE", "HF_ENDPOINT"].map((name) => [name, Deno.env.get(name)] as const);
    Deno.env.set("SERA_CACHE", cache);
    Deno.env.set("HF_ENDPOINT", `http://127.0.0.1:${server.addr.port}`);
    let stopped = false;
    const stop = async () => {
      if (!stopped) await server.shutdown();
      stopped = true;
    };
    try {
      await use(requests, stop);
    } finally {
      await stop();
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    }
  });
}

Deno.test("a split of a data set is fetched once, in the order of its parts, and serves offline", async () => {
  const files = {
    "README.md": "---\n",
    "data/train-00001-of-00002.jsonl": line("b"),
    "data/train-00000-of-00002.jsonl": line("a"),
    "data/test-00000-of-00001.jsonl": line("c"),
  };
  await withHub(files, async (requests, stop) => {
    const { pairs } = await readPreferences(await dataPath("owner/name"));
    assert.deepEqual(pairs.map(({ prompt }) => prompt), ["a", "b"]);
    const { pairs: test } = await readPreferences(await dataPath("owner/name:test"));
    assert.deepEqual(test.map(({ prompt }) => prompt), ["c"]);
    const fetched = requests.filter((path) => path.includes("/resolve/"));
    assert.equal(fetched.length, 3);
    await dataPath("owner/name");
    assert.equal(requests.filter((path) => path.includes("/resolve/")).length, 3);
    await stop();
    const options = { retryMs: 1, silenceMs: 500 };
    const folder = await downloadDataset("owner/name", options);
    assert.equal((await readPreferences(folder)).pairs.length, 2);
    await assertUserError(() => downloadDataset("owner/other", options), "datasets/owner/other");
  });
});

Deno.test("where several folders have a split, one is named, or all", async () => {
  const files = {
    "helpful-base/train.jsonl": line("a"),
    "harmless-base/train.jsonl": line("b"),
    "harmless-base/test.jsonl": line("c"),
    "all/dev/part.jsonl": line("d"),
  };
  const prompts = async (id: string) =>
    (await readPreferences(await dataPath(id))).pairs.map(({ prompt }) => prompt).toSorted();
  await withHub(files, async () => {
    assert.deepEqual(await prompts("owner/name:harmless-base/train"), ["b"]);
    assert.deepEqual(await prompts("owner/name:helpful-base/train"), ["a"]);
    assert.equal(userPathOrHub("owner/name:*/train"), "owner/name:*/train");
    assert.deepEqual(await prompts(userPathOrHub("owner/name:*/train")), ["a", "b"]);
    assert.deepEqual(await prompts("owner/name:test"), ["c"]);
    assert.deepEqual(await prompts("owner/name:dev"), ["d"]);
    await assertUserError(
      () => dataPath("owner/name"),
      '2 folders have the split "train"; there are helpful-base, harmless-base',
      "owner/name:folder/split",
    );
    await assertUserError(
      () => dataPath("owner/name:red-team/train"),
      'no folder "red-team" has the split "train"',
    );
  });
});

Deno.test("a split that is not there is an error that names those that are", async () => {
  await withHub({ "data/train_prefs-00000-of-00001.jsonl": line("a") }, async () => {
    assert.equal((await readPreferences(await dataPath("owner/name:train_prefs"))).pairs.length, 1);
    await assertUserError(
      () => dataPath("owner/name:dev"),
      'no file belongs to the split "dev"; there are train_prefs',
    );
    await assertUserError(() => downloadDataset("owner/none", { retryMs: 1 }), "no such file here");
  });
  await withHub({ "README.md": "" }, async () => {
    await assertUserError(() => dataPath("owner/name"), "has no Parquet, JSONL, CSV or JSON file");
  });
});
