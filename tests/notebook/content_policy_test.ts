import assert from "node:assert/strict";
import { join } from "node:path";
import { html } from "../../lib/report/html.ts";
import { writePage } from "../../tools/notebooks/site/page.ts";
import { withTempDir } from "../support/temp_dir.ts";

Deno.test("a page of the site has a content security policy that lets nothing load from afar", () =>
  withTempDir(async (folder) => {
    const path = join(folder, "a.html");
    writePage(path, { title: "a", body: html`<p>b</p>`, plots: true });
    const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(
      await Deno.readTextFile(path),
    ) ??
      [];
    assert.match(policy, /default-src/);
    assert.doesNotMatch(policy, /https?:|\*|default-src[^;]*unsafe/);
  }));
