import { join } from "node:path";
import { type FakeHub, startFakeHub } from "./fake_hub.ts";
import { withTempDir } from "./temp_dir.ts";
import { makeTinyModelFolder } from "./tiny_model.ts";

const WEIGHTS = "model.safetensors";

/** Runs the action with a tiny model on a fake hub, an empty cache and no token. */
export function withHub(action: (hub: FakeHub, dir: string) => Promise<void>) {
  return () =>
    withTempDir(async (dir) => {
      const source = join(dir, "source");
      await makeTinyModelFolder(source, { seed: 1 });
      const files = new Map<string, Uint8Array>();
      for (const { name } of Deno.readDirSync(source)) {
        files.set(name, await Deno.readFile(join(source, name)));
      }
      files.set("README.md", new TextEncoder().encode("not fetched"));
      files.set("pytorch_model.bin", new Uint8Array(100));
      const hub = startFakeHub(files, { lfs: [WEIGHTS] });
      const names = ["SERA_CACHE", "HF_ENDPOINT", "HF_TOKEN"];
      const before = names.map((name) => Deno.env.get(name));
      Deno.env.set("SERA_CACHE", join(dir, "cache"));
      Deno.env.set("HF_ENDPOINT", hub.url + "/");
      Deno.env.delete("HF_TOKEN");
      try {
        await action(hub, dir);
      } finally {
        names.forEach((name, i) => {
          if (before[i] === undefined) Deno.env.delete(name);
          else Deno.env.set(name, before[i]!);
        });
        await hub.stop();
      }
    });
}
