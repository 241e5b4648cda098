/** `watchStudy` where runs fail: what the reader of the cell is told. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { currentKernel } from "../../lib/notebook/kernel.ts";
import { watchStudy } from "../../lib/notebook/watch_study.ts";
import { withArms } from "../../lib/study/study.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { fakeKernel } from "./fake_kernel.ts";
import { tinyStudy } from "./tiny_study.ts";

/** Does something in what looks like a notebook; returns what was shown there. */
async function inNotebook(action: () => Promise<void>): Promise<string[]> {
  const kernel = fakeKernel();
  (Deno as unknown as { jupyter: unknown }).jupyter = kernel;
  await action();
  return kernel.messages.map(({ content }) => content.data["text/plain"] ?? "");
}

Deno.test("outside a notebook a display says so", () => {
  assert.throws(currentKernel, { name: "UserError", message: /^this needs a notebook/ });
});

Deno.test("where every run fails the cell fails, with the reason and without a full bar", async () => {
  await withTempDir(async (dir) => {
    const gone = new URL("./nowhere.ts", import.meta.url).href;
    const study = { ...tinyStudy, environment: { ...tinyStudy.environment, module: gone } };
    const shown = await inNotebook(() =>
      assert.rejects(
        watchStudy(study, { preset: "smoke", seeds: 1, jobs: 1, records: join(dir, "records") }),
        { name: "UserError", message: /^all 2 runs failed: .*nowhere/ },
      )
    );
    assert.ok(shown.every((text) => !text.includes("100 %")), shown.join("\n"));
  });
});

Deno.test("where nothing is planned nothing is said to have failed", async () => {
  await withTempDir(async (dir) => {
    const shown = await inNotebook(async () => {
      const { plan } = await watchStudy(tinyStudy, {
        ...{ preset: "smoke", seeds: 1, jobs: 1, records: join(dir, "records") },
        arms: ["irm-70"],
      });
      assert.deepEqual(plan, []);
    });
    assert.ok(shown.every((text) => !text.includes("failed")), shown.join("\n"));
  });
});

Deno.test("where some runs fail the others are opened, and the failures told", async () => {
  await withTempDir(async (dir) => {
    const broken = { id: "broken", sera: { learningRate: 1e30 } };
    const shown = await inNotebook(async () => {
      const { rows } = await watchStudy(withArms(tinyStudy, broken), {
        ...{ preset: "smoke", seeds: 1, jobs: 1, records: join(dir, "records") },
        ...{ arms: ["dpo", "broken"], conditions: ["noise-20"] },
      });
      assert.deepEqual([...new Set(rows.map(({ arm }) => arm))], ["dpo"]);
    });
    assert.match(
      shown.join("\n"),
      /\*\*1 of 2 runs failed\*\*, and have no record:\n\n- [^]*FAILED: .*NaN/,
    );
    assert.match(shown.at(-1) ?? "", /50 %, 1 of 2$/);
  });
});
