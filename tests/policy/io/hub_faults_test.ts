/** Servers that are silent, slow, overloaded or hostile, and many first downloads at once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { downloadModel } from "../../../lib/policy/io/hub.ts";
import { openModel } from "../../../lib/policy/io/load.ts";
import { assertUserError } from "../../support/errors.ts";
import { withHub } from "../../support/hub_model.ts";

const FAST = { retryMs: 1, silenceMs: 300 };
/** For answers that do come: a busy machine takes its time with them. */
const CALM = { retryMs: 1, silenceMs: 30_000 };
const TOKEN = "hf_secret";

/** A second server, of another origin, that notes the tokens that reach it. */
function otherHost(answer: (request: Request) => Response | Promise<Response>) {
  const tokens: (string | null)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    tokens.push(request.headers.get("authorization"));
    return answer(request);
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, tokens, stop: () => server.shutdown() };
}

Deno.test(
  "a server that never answers, or stops in the middle of a file, is given up after the limit",
  withHub(async (hub) => {
    const never = Promise.withResolvers<Response>();
    hub.behaviour.intercept = () => never.promise;
    await assertUserError(() => downloadModel("owner/name", FAST), "silent for 0.3 s");
    never.resolve(new Response());
    const stalled: ReadableStreamDefaultController[] = [];
    hub.behaviour.intercept = (request) =>
      request.url.endsWith("model.safetensors")
        ? new Response(
          new ReadableStream({
            start: (controller) => {
              stalled.push(controller);
              controller.enqueue(new Uint8Array(10));
            },
          }),
        )
        : undefined;
    await assertUserError(
      () => downloadModel("owner/name", FAST),
      "model.safetensors could not be downloaded (the server was silent for 0.3 s)",
    );
    assert.equal(stalled.length, 4);
  }),
);

for (const status of [429, 500, 502, 503, 504]) {
  Deno.test(
    `API answers ${status} are asked again, a few times`,
    withHub(async (hub) => {
      const left = new Map<string, number>();
      hub.behaviour.intercept = ({ url }) => {
        const times = left.get(url) ?? 2;
        left.set(url, times - 1);
        return times > 0 ? new Response("", { status }) : undefined;
      };
      await downloadModel("owner/name", FAST);
      hub.behaviour.intercept = () => new Response("", { status });
      const before = hub.requests.length;
      await assertUserError(() => downloadModel("owner/name@v1", FAST), `answered ${status}`);
      assert.equal(hub.requests.length, before + 4);
    }),
  );
}

Deno.test(
  "a wait that the server asks for is kept",
  withHub(async (hub) => {
    let asked = false;
    hub.behaviour.intercept = () => {
      if (asked) return undefined;
      asked = true;
      return new Response("", { status: 429, headers: { "retry-after": "1" } });
    };
    const start = performance.now();
    await downloadModel("owner/name", FAST);
    assert.ok(performance.now() - start >= 1000);
  }),
);

Deno.test(
  "an endless list of files, by pages or in one, is not read to its end",
  withHub(async (hub) => {
    let pages = 0;
    hub.behaviour.intercept = ({ url }) => {
      if (!url.includes("/tree/")) return undefined;
      const next = `${hub.url}${new URL(url).pathname}?cursor=${++pages}`;
      return Response.json([], { headers: { link: `<${next}>; rel="next"` } });
    };
    await assertUserError(() => downloadModel("owner/name", CALM), "list of files does not end");
    assert.equal(pages, 10);
    let bytes = 0;
    hub.behaviour.intercept = ({ url }) => {
      if (!url.includes("/tree/")) return undefined;
      const pull = (controller: ReadableStreamDefaultController) => {
        bytes += 1 << 16;
        controller.enqueue(new Uint8Array(1 << 16).fill(32));
      };
      return new Response(new ReadableStream({ pull }));
    };
    await assertUserError(() => downloadModel("owner/name", CALM), "endless answer");
    assert.ok(bytes < 64 << 20, `${bytes} bytes were sent`);
  }),
);

Deno.test(
  "the token stays with the hub: redirects, further pages and xet links do not take it along",
  withHub(async (hub) => {
    Deno.env.set("HF_TOKEN", TOKEN);
    const { url: origin } = hub;
    const other = otherHost((request) => {
      const { pathname } = new URL(request.url);
      return fetch(`${origin}${pathname}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    });
    try {
      hub.behaviour.intercept = ({ url }) => {
        const { pathname } = new URL(url);
        // What the other server fetches on our behalf is answered: it marks nothing.
        if (!/model\.safetensors$|config\.json$/.test(pathname)) return undefined;
        if (redirected.has(pathname)) return undefined;
        redirected.add(pathname);
        return new Response("", {
          status: 302,
          headers: {
            location: `${other.url}${pathname}`,
            link: `<${other.url}/token>; rel="xet-auth"`,
            "content-type": "application/vnd.xet-fileinfo+json",
            "x-xet-hash": "0".repeat(64),
            "x-cache": "Miss from cloudfront",
          },
        });
      };
      const redirected = new Set<string>();
      await openModel("owner/name");
      assert.ok(other.tokens.length >= 2, "the files were fetched from the other host");
      assert.deepEqual([...new Set(other.tokens)], [null]);

      hub.behaviour.intercept = ({ url }) =>
        url.includes("/tree/")
          ? Response.json([], { headers: { link: `<${other.url}/tree?page=2>; rel="next"` } })
          : undefined;
      Deno.env.set("SERA_CACHE", Deno.env.get("SERA_CACHE") + "-2");
      const before = other.tokens.length;
      await assertUserError(() => downloadModel("owner/name", FAST), "which is not followed");
      assert.equal(other.tokens.length, before);
    } finally {
      await other.stop();
    }
  }),
);

Deno.test(
  "redirects in a circle or to a file end",
  withHub(async (hub) => {
    for (
      const [location, problem] of [["?again", "more than 5 times"], [
        "file:///etc/passwd",
        "file:",
      ]]
    ) {
      hub.behaviour.intercept = () =>
        new Response("", { status: 302, headers: { location: location as string } });
      await assertUserError(() => downloadModel("owner/name", FAST), problem as string);
    }
  }),
);

Deno.test(
  "many first downloads at once all succeed, and fetch each file once",
  withHub(async (hub, dir) => {
    const script = `
      const { downloadModel } = await import(${
      JSON.stringify(import.meta.resolve("../../../lib/policy/io/hub.ts"))
    });
      console.log((await downloadModel("owner/name")).folder);
    `;
    const runs = await Promise.all(
      Array.from(
        { length: 4 },
        () => new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", script] }).output(),
      ),
    );
    const said = runs.map(({ stdout, stderr }) =>
      new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)
    );
    const folder = join(
      dir,
      "cache",
      "sera",
      "hub",
      "owner--name",
      "0123456789abcdef0123456789abcdef01234567",
    );
    assert.deepEqual([...new Set(said)], [folder + "\n"]);
    const weights = hub.requests.filter(({ line }) => line.includes("model.safetensors"));
    assert.equal(weights.length, 1);
  }),
);
