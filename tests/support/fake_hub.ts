import { createHash } from "node:crypto";

/** A server that speaks the hub's paths for one model, and misbehaves on demand. */
export interface FakeHub {
  readonly url: string;
  /** `METHOD path range` of every request, and the token it came with. */
  readonly requests: { readonly line: string; readonly authorization: string | null }[];
  /** Changed by tests. */
  behaviour: {
    /** This file is cut after so many bytes, this many times. */
    cut?: { file: string; bytes: number; times: number };
    ignoreRanges?: boolean;
    /** Token without which everything answers 401. */
    token?: string;
    /** Flips a bit of this file. */
    corrupt?: string;
    /** Answers in place of the hub, where it answers at all. */
    intercept?: (request: Request) => Response | Promise<Response> | undefined;
  };
  stop(): Promise<void>;
}

/** Serves `files` as the model `owner/name` at one commit. `lfs` files carry a SHA-256. */
export function startFakeHub(
  files: ReadonlyMap<string, Uint8Array>,
  options: { commit?: string; lfs?: readonly string[] } = {},
): FakeHub {
  const commit = options.commit ?? "0123456789abcdef0123456789abcdef01234567";
  const requests: { line: string; authorization: string | null }[] = [];
  const behaviour: FakeHub["behaviour"] = {};
  const tree = [...files].map(([path, bytes]) => {
    const gitOid = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const isLfs = options.lfs?.includes(path) ?? false;
    return {
      type: "file",
      path,
      size: bytes.length,
      oid: isLfs ? "0".repeat(40) : gitOid,
      ...(isLfs && { lfs: { oid: sha256, size: bytes.length, pointerSize: 130 } }),
    };
  });
  tree.push({ type: "directory", path: "onnx", size: 0, oid: "0".repeat(40) });

  const sendFile = (name: string, request: Request): Response => {
    const original = files.get(name);
    if (original === undefined) {
      return new Response("", { status: 404, headers: { "x-error-code": "EntryNotFound" } });
    }
    const bytes = original.slice();
    if (behaviour.corrupt === name) bytes[bytes.length >> 1]! ^= 1;
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
    const isProbe = range !== null && range[2] === "0";
    const honoured = range !== null && (isProbe || !behaviour.ignoreRanges);
    const [from, to] = honoured ? [Number(range[1]), Number(range[2]) + 1] : [0, bytes.length];
    const body = bytes.subarray(from, to);
    const headers = new Headers({ etag: '"x"', "content-length": String(body.length) });
    if (honoured) headers.set("content-range", `bytes ${from}-${to - 1}/${bytes.length}`);
    const status = honoured ? 206 : 200;
    const cut = behaviour.cut;
    if (cut?.file !== name || cut.times === 0 || isProbe || body.length <= cut.bytes) {
      return new Response(body, { status, headers });
    }
    cut.times--;
    const stream = new ReadableStream({
      async start(controller) {
        controller.enqueue(body.slice(0, cut.bytes));
        await new Promise((resolve) => setTimeout(resolve, 20));
        controller.error(new Error("cut"));
      },
    });
    return new Response(stream, { status, headers });
  };

  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen: () => {},
    onError: () => new Response("", { status: 500 }),
  }, async (request) => {
    const { pathname } = new URL(request.url);
    const authorization = request.headers.get("authorization");
    requests.push({
      line: `${request.method} ${pathname} ${request.headers.get("range") ?? ""}`.trim(),
      authorization,
    });
    const intercepted = await behaviour.intercept?.(request);
    if (intercepted !== undefined) return intercepted;
    if (behaviour.token !== undefined && authorization !== `Bearer ${behaviour.token}`) {
      return Response.json({ error: "Repository is gated" }, { status: 401 });
    }
    if (/^\/api\/models\/owner\/name\/revision\/(main|v1|[0-9a-f]{40})$/.test(pathname)) {
      return Response.json({ _id: "1", id: "owner/name", sha: commit });
    }
    if (pathname === `/api/models/owner/name/tree/${commit}`) return Response.json(tree);
    const file = /^\/owner\/name\/resolve\/([0-9a-f]{40})\/(.+)$/.exec(pathname);
    if (file?.[1] === commit) return sendFile(decodeURIComponent(file[2]!), request);
    return Response.json({ error: "Repository not found" }, { status: 404 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    behaviour,
    stop: () => server.shutdown(),
  };
}
