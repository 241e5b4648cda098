/** What goes wrong ends in one line that says where, with an exit code, and leaves no trace. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

/** The error line of a failed command; checks that it is one line and that nothing was written. */
async function errorOf(dir: string, args: string[], code = 1): Promise<string> {
  const out = join(dir, "out");
  const result = await runScript("align", [...args, "--out", out]);
  assert.equal(result.code, code, result.stdout + result.stderr);
  const lines = result.stderr.trim().split("\n");
  assert.equal(lines.length, 1, result.stderr);
  await assert.rejects(Deno.stat(out), Deno.errors.NotFound, "nothing is written");
  return lines[0] as string;
}

/** Rewrites the JSON header of a safetensors file. */
async function editHeader(
  path: string,
  edit: (
    header: Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>,
  ) => void,
): Promise<void> {
  const bytes = await Deno.readFile(path);
  const size = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
  edit(header);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const next = new Uint8Array(8 + json.length + bytes.length - 8 - size);
  new DataView(next.buffer).setBigUint64(0, BigInt(json.length), true);
  next.set(json, 8);
  next.set(bytes.subarray(8 + size), 8 + json.length);
  await Deno.writeFile(path, next);
}

const NORM = "model.norm.weight";

Deno.test("bad data and models: one line that names the place", async (t) => {
  await withTempDir(async (dir) => {
    const model = join(dir, "model"), data = join(dir, "pairs.jsonl");
    await makeTinyModelFolder(model, { seed: 7 });
    const good = tinyPairs(12, 3);

    const dataCases: [string, string, RegExp][] = [
      ["malformed line", jsonLines(good.slice(0, 2)) + '{"prompt": "a",\n', /pairs\.jsonl:3/],
      ["missing field", jsonLines([...good, { prompt: "a", chosen: "b" }]), /:13.*rejected/],
      [
        "empty field",
        jsonLines([...good, { prompt: "", chosen: "b", rejected: "c" }]),
        /:13.*prompt/,
      ],
      ["no pair", "", /pairs\.jsonl/],
      ["all equal", jsonLines([{ prompt: "a", chosen: "b", rejected: "b" }]), /chosen = rejected/],
    ];
    for (const [name, text, message] of dataCases) {
      await t.step(name, async () => {
        await Deno.writeTextFile(data, text);
        assert.match(await errorOf(dir, ["--model", model, "--data", data]), message);
      });
    }

    await Deno.writeTextFile(data, jsonLines(good));
    const modelCases: [string, (folder: string) => Promise<void>, RegExp][] = [
      ["truncated weights", async (folder) => {
        const path = join(folder, "model.safetensors");
        const bytes = await Deno.readFile(path);
        await Deno.writeFile(path, bytes.subarray(0, bytes.length - 100));
      }, /model\.safetensors/],
      [
        "offsets beyond the file",
        (folder) =>
          editHeader(join(folder, "model.safetensors"), (header) => {
            const entry = header[NORM];
            if (entry) entry.data_offsets = entry.data_offsets.map((offset) => offset + 10 ** 9);
          }),
        new RegExp(NORM),
      ],
      ["huge dimensions", (folder) =>
        editHeader(join(folder, "model.safetensors"), (header) => {
          const entry = header[NORM];
          if (entry) entry.shape = [2 ** 52, 2 ** 52];
        }), new RegExp(NORM)],
      ["wrong dtype", (folder) =>
        editHeader(join(folder, "model.safetensors"), (header) => {
          const entry = header[NORM];
          if (entry) entry.dtype = "I64";
        }), /model\.norm\.weight.*I64|I64.*model\.norm\.weight/],
      ["missing tensor", (folder) =>
        editHeader(join(folder, "model.safetensors"), (header) => {
          const entry = header[NORM];
          if (entry) header["model.other.weight"] = entry;
          delete header[NORM];
        }), new RegExp(NORM)],
      ["unknown architecture", async (folder) => {
        const path = join(folder, "config.json");
        const config = JSON.parse(await Deno.readTextFile(path));
        config.architectures = ["MambaForCausalLM"];
        config.model_type = "mamba";
        await Deno.writeTextFile(path, JSON.stringify(config));
      }, /mamba/i],
    ];
    for (const [name, damage, message] of modelCases) {
      await t.step(name, async () => {
        const folder = join(dir, `model ${name}`);
        await makeTinyModelFolder(folder, { seed: 7 });
        await damage(folder);
        assert.match(await errorOf(dir, ["--model", folder, "--data", data]), message);
      });
    }

    await t.step("no such model, unknown option, value out of range", async () => {
      const nowhere = join(dir, "nowhere");
      assert.match(await errorOf(dir, ["--model", nowhere, "--data", data]), /nowhere/);
      const typo = ["--model", model, "--data", data, "--iteration", "2"];
      assert.match(await errorOf(dir, typo, 2), /--iterations/);
      const keep = ["--model", model, "--data", data, "--keep", "1.5"];
      assert.match(await errorOf(dir, keep, 2), /--keep must be in \(0, 1\], got 1\.5/);
      const config = join(dir, "run.yaml");
      await Deno.writeTextFile(config, `model: ${model}\ndata: ${data}\nkeep: 1.5\n`);
      const bad = await errorOf(dir, ["--config", config], 2);
      assert.match(bad, /run\.yaml: keep must be in \(0, 1\], got 1\.5/);
      const targets = ["--model", model, "--data", data, "--targets", "w_proj"];
      assert.match(await errorOf(dir, targets), /LoRA target w_proj is unknown/);
      const oracle = ["--model", model, "--data", data, "--rule", "oracle"];
      assert.match(await errorOf(dir, oracle), /--rule oracle needs known flips/);
      const long = ["--model", model, "--data", data, "--max-length", "4096"];
      assert.match(await errorOf(dir, long), /--max-length 4096/);
    });
  });
});

Deno.test("a loss that stops being finite: stops, says where, keeps the last good checkpoint", async () => {
  await withTempDir(async (dir) => {
    const model = join(dir, "model"), data = join(dir, "pairs.jsonl"), out = join(dir, "out");
    await makeTinyModelFolder(model, { seed: 7 });
    await Deno.writeTextFile(data, jsonLines(tinyPairs(24, 3)));
    const args = ["--model", model, "--data", data, "--out", out, "--lr", "1e25"];
    const settings = [
      "--full",
      "--batch",
      "4",
      "--max-grad-norm",
      "0",
      "--checkpoint-seconds",
      "0",
    ];
    for (let attempt = 0; attempt < 2; attempt++) {
      const result = await runScript("align", [...args, ...settings, "--schedule", "constant"]);
      assert.equal(result.code, 1, result.stdout + result.stderr);
      const error = result.stderr.trim().split("\n").at(-1) ?? "";
      assert.match(error, /^error: iteration 1, step \d+: .*(NaN|Infinity|finite).*last good/);
      const checkpoints = [...Deno.readDirSync(join(out, "checkpoints"))];
      assert.ok(checkpoints.length > 0, "a checkpoint is there");
      await assert.rejects(Deno.stat(join(out, "adapter")), Deno.errors.NotFound);
      await assert.rejects(Deno.stat(join(out, "model")), Deno.errors.NotFound);
    }
  });
});

/** A small file system of its own, where this process may mount one. */
async function mountSmall(path: string, bytes: number): Promise<boolean> {
  await Deno.mkdir(path);
  try {
    const { success } = await new Deno.Command("mount", {
      args: ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path],
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

Deno.test("a full disk: one line, and the same command goes on once there is room", async (t) => {
  await withTempDir(async (dir) => {
    const model = join(dir, "model"), data = join(dir, "pairs.jsonl");
    await makeTinyModelFolder(model, { seed: 7 });
    await Deno.writeTextFile(data, jsonLines(tinyPairs(24, 3)));
    const disk = join(dir, "disk");
    const mounted = await mountSmall(disk, 200_000);
    await t.step({
      name: "align on a disk of 200 kB",
      ignore: !mounted,
      fn: async () => {
        const common = ["--model", model, "--data", data, "--max-new-tokens", "64"];
        const args = [...common, "--checkpoint-seconds", "0", "--lr", "0.01"];
        try {
          const full = await runScript("align", [...args, "--out", join(disk, "out")]);
          assert.equal(full.code, 1, full.stdout + full.stderr);
          const said = full.stderr.trim().split("\n").at(-1) ?? "";
          assert.match(said, /^error: .* is on a disk with 0 MiB left; .*: free space/);
          await new Deno.Command("mount", {
            args: ["-o", "remount,size=100000000", disk],
          }).output();
          const resumed = await runScript("align", [...args, "--out", join(disk, "out")]);
          assert.equal(resumed.code, 0, resumed.stderr);
          const whole = await runScript("align", [...args, "--out", join(dir, "whole")]);
          assert.equal(whole.code, 0, whole.stderr);
          const adapter = (out: string) =>
            Deno.readFile(join(out, "adapter", "adapter_model.safetensors"));
          assert.deepEqual(await adapter(join(disk, "out")), await adapter(join(dir, "whole")));
        } finally {
          await new Deno.Command("umount", { args: [disk] }).output();
        }
      },
    });
  });
});
