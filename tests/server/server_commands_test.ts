import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { generateResponsesByServer } from "../../experiments/commands/generate/generate_by_server.ts";
import { generateCommand } from "../../experiments/commands/generate/options.ts";
import { scoreCommand } from "../../experiments/commands/score/options.ts";
import { scorePairsByServer } from "../../experiments/commands/score/score_by_server.ts";
import { scorePairs } from "../../experiments/commands/score/score_pairs.ts";
import { selectCommand } from "../../experiments/commands/select/options.ts";
import { select } from "../../experiments/commands/select/select.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { lockOutput } from "../../lib/files/output_lock.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import {
  type Dialect,
  type SeenRequest,
  serveModels,
  type ServeOptions,
} from "../support/completions_server.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

interface Place {
  readonly model: string;
  readonly base: string;
  readonly data: string;
  readonly out: string;
}

async function withModels(action: (place: Place) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    const [model, base] = [join(dir, "model"), join(dir, "base")];
    await makeTinyModelFolder(model, { seed: 1 });
    await makeTinyModelFolder(base, { seed: 2 });
    const data = join(dir, "pairs.jsonl");
    await Deno.writeTextFile(data, jsonLines(tinyPairs(6, 3)));
    await action({ model, base, data, out: join(dir, "out.jsonl") });
  });
}

const rowsOf = (path: string) =>
  Deno.readTextFileSync(path).trimEnd().split("\n").map((line) => JSON.parse(line));

/** `score` by a server with these habits. */
async function scoreBy(
  { model, base, data, out }: Place,
  habits: ServeOptions,
  more: string[] = [],
) {
  await using server = await serveModels({ policy: model, base }, habits);
  const { options } = parseCommand(scoreCommand, [
    ...["--model", model, "--data", data, "--out", out, "--concurrency", "3"],
    ...["--server", server.url, "--server-reference", "base", ...more],
  ]);
  try {
    return await scorePairsByServer(options, server.url, silentProgress);
  } finally {
    ({ requests, url } = server);
  }
}
/** Of the last server. */
let requests: readonly SeenRequest[] = [], url = "";
const isScoring = ({ path }: SeenRequest) => path === "/v1/completions";

for (const dialect of ["vllm", "vllm-echo", "echo"] as const) {
  Deno.test(`a server's scores (${dialect}) are those of the model in this process`, async () => {
    await withModels(async (place) => {
      await scoreBy(place, { dialect });
      const served = rowsOf(place.out);
      const { model, base, data, out } = place;
      const { options } = parseCommand(scoreCommand, [
        ...["--model", model, "--reference", base, "--data", data, "--out", out],
      ]);
      await scorePairs(options, silentProgress);
      const local = rowsOf(out);
      assert.equal(served.length, 6);
      served.forEach((row, i) => {
        assert.deepEqual(Object.keys(row), Object.keys(local[i]));
        for (const [key, value] of Object.entries(local[i])) {
          if (typeof value === "string") assert.equal(row[key], value);
          else assert.ok(Math.abs(row[key] - (value as number)) < 1e-4, `${key} of pair ${i}`);
        }
      });
      assert.ok(!existsSync(`${out}.answers.jsonl`));
    });
  });
}

Deno.test("answers of a server that dies are kept: the next run asks only for the rest", async () => {
  await withModels(async (place) => {
    let answered = 0;
    const dies: ServeOptions = {
      disturb: (request) =>
        isScoring(request) && ++answered > 9 ? new Response("gone", { status: 503 }) : undefined,
    };
    await assert.rejects(scoreBy(place, dies, ["--timeout", "5"]), {
      name: "UserError",
      message: /completions answered 503 again and again; what was done is kept.*same command/,
    });
    assert.ok(!existsSync(place.out));
    const kept = rowsOf(`${place.out}.answers.jsonl`).length;
    assert.equal(kept, 8); // nine answers, the first of which only tried the protocol
    // A kill in the middle of a line.
    Deno.writeTextFileSync(`${place.out}.answers.jsonl`, '["torn', { append: true });
    await scoreBy(place, { port: Number(new URL(url).port) });
    assert.equal(requests.filter(isScoring).length, 24 - kept + 2); // each model tries the protocol once
    assert.equal(rowsOf(place.out).length, 6);
  });
});

Deno.test("a second process with the output of one that asks a server is refused", async () => {
  await withModels(async (place) => {
    {
      using _lock = lockOutput(place.out);
      await assert.rejects(
        scoreBy(place, {}),
        /out\.jsonl is being written by process \d+ on .*another --out/,
      );
    }
    await scoreBy(place, {});
    assert.equal(rowsOf(place.out).length, 6);
    assert.ok(!existsSync(`${place.out}.lock`));
  });
});

Deno.test("a busy server is asked again, after as long as it says", async () => {
  await withModels(async (place) => {
    let refused = 0;
    await scoreBy(place, {
      disturb: (request) =>
        isScoring(request) && refused++ % 4 === 1
          ? new Response("busy", { status: 429, headers: { "retry-after": "0" } })
          : undefined,
    });
    assert.equal(rowsOf(place.out).length, 6);
    assert.ok(requests.filter(isScoring).length > 26);
  });
});

Deno.test("a stalled server, another tokenisation and servers without prompt scores are said", async () => {
  await withModels(async (place) => {
    await assert.rejects(
      scoreBy(place, { disturb: (r) => isScoring(r) ? new Promise(() => {}) : undefined }, [
        ...["--timeout", "0.1"],
      ]),
      { message: /gave no answer within 0.1 s, again and again; what was done is kept/ },
    );
    await assert.rejects(
      scoreBy(place, {
        disturb: ({ path, body }) =>
          path === "/tokenize"
            ? Response.json({ tokens: [...body.prompt].map(() => 7) })
            : undefined,
      }),
      { message: /other tokens than --model's tokenizer, from token 0 of "/ },
    );
    const otherTokens = { choices: [{ prompt_logprobs: [null, { "7": { logprob: -1 } }] }] };
    await assert.rejects(
      scoreBy(place, { disturb: (r) => isScoring(r) ? Response.json(otherTokens) : undefined }),
      { message: /scored 2 tokens where \d+ were sent: its tokenizer is not --model's/ },
    );
    await assert.rejects(scoreBy(place, { dialect: "none" }), {
      message:
        /no log-probabilities of prompts \(prompt_logprobs: ignored; echo: refused, as "Only no echo is supported"\): use vLLM/,
    });
    await assert.rejects(scoreBy(place, {}, ["--server-model", "other"]), {
      message: /serves no model other: it has policy, base/,
    });
    await assert.rejects(
      scoreBy(place, { disturb: () => new Response("[]", { status: 500 }) }),
      { message: /v1\/models answered 500 again and again/ },
    );
  });
});

Deno.test("a server's responses, scored, become bootstrapped pairs", async () => {
  await withModels(async ({ model, base, data, out }) => {
    await using server = await serveModels({ policy: model, base });
    const { options } = parseCommand(generateCommand, [
      ...["--model", model, "--prompts", data, "--out", out, "--responses", "8"],
      ...["--max-new-tokens", "90", "--limit", "4", "--server-reference", "base"],
    ]);
    await generateResponsesByServer(options, server.url, silentProgress);
    const rows = rowsOf(out);
    assert.equal(rows.length, 32);
    assert.equal(new Set(rows.map((row) => row.response)).size > 16, true);
    for (const row of rows) assert.ok(row.logp < 0 && row.ref_logp < 0);
    const seeds = server.requests.filter(isScoring).map(({ body }) => body.seed)
      .filter((seed) => seed !== undefined);
    assert.equal(new Set(seeds).size, 32);

    const scored = `${out}.scored`;
    await Deno.writeTextFile(
      scored,
      jsonLines(
        tinyPairs(6, 3).map((pair) => ({
          ...{ ...pair, chosen_logp: -1, rejected_logp: -2 },
          ...{ ref_chosen_logp: -1, ref_rejected_logp: -1 },
        })),
      ),
    );
    const kept = `${out}.kept`;
    const parsed = parseCommand(selectCommand, [
      ...["--data", scored, "--out", kept, "--candidates", out, "--on-policy", "0.5"],
    ]);
    await select(parsed.options, new Set(), silentProgress);
    const own = rowsOf(kept).filter((row) => row.verdict === "bootstrapped");
    assert.ok(own.length > 0 && own.length <= 3);
    for (const pair of own) {
      const reward = (text: string) => {
        const row = rows.find(({ prompt, response }) =>
          prompt === pair.prompt && response === text
        );
        return 0.1 * (row.logp - row.ref_logp);
      };
      assert.ok(Math.abs(pair.margin - (reward(pair.chosen) - reward(pair.rejected))) < 1e-9);
    }
  });
});

Deno.test("responses are the very tokens that a server tells, text that has none of its own too", async () => {
  await withModels(async ({ model, data, out }) => {
    const generateAs = async (dialect: Dialect) => {
      await using server = await serveModels({ policy: model }, { dialect });
      const { options } = parseCommand(generateCommand, [
        ...["--model", model, "--prompts", data, "--out", out, "--responses", "4"],
        ...["--max-new-tokens", "40", "--limit", "3"],
      ]);
      await generateResponsesByServer(options, server.url, silentProgress);
      return rowsOf(out);
    };
    const [vllm, llamaCpp, textAlone] = [
      await generateAs("vllm"),
      await generateAs("llama.cpp"),
      await generateAs("none"),
    ];
    assert.deepEqual(llamaCpp, vllm);
    // The tiny model writes bytes that are no text: read back from the text they are other tokens.
    assert.notDeepEqual(textAlone.map(({ tokens }) => tokens), vllm.map(({ tokens }) => tokens));
    assert.ok(vllm.some(({ response }) => response.includes("\uFFFD")));
  });
});
