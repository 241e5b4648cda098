import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileSha256 } from "../../../lib/policy/io/file_hash.ts";
import { withTempDir } from "../../support/temp_dir.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

Deno.test("a remembered hash is not taken for another content of the same size and time", () =>
  withTempDir(async (folder) => {
    const before = Deno.env.get("SERA_CACHE");
    Deno.env.set("SERA_CACHE", join(folder, "cache"));
    try {
      const path = join(folder, "model.safetensors");
      const bytes = new Uint8Array(5 << 20);
      const time = new Date(1e12);
      const write = () => {
        Deno.writeFileSync(path, bytes);
        Deno.utimeSync(path, time, time);
      };
      write();
      assert.equal(await fileSha256(path), sha256(bytes));
      const remembered = [...Deno.readDirSync(join(folder, "cache", "sera", "hashes"))];
      assert.equal(remembered.length, 1);
      // It is remembered: another hash under this name is what comes.
      const [{ name }] = remembered as [Deno.DirEntry];
      Deno.writeTextFileSync(join(folder, "cache", "sera", "hashes", name), "a".repeat(64));
      assert.equal(await fileSha256(path), "a".repeat(64));
      bytes[7] = 1;
      await new Promise((resolve) => setTimeout(resolve, 1100)); // times of change are in seconds
      write();
      assert.equal(await fileSha256(path), sha256(bytes));
    } finally {
      if (before === undefined) Deno.env.delete("SERA_CACHE");
      else Deno.env.set("SERA_CACHE", before);
    }
  }));
