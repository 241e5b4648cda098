import { messageOf } from "../../errors.ts";
import { SilenceTimer } from "../../files/silence_timer.ts";

/** A hub, and how patiently it is asked. */
export interface Hub {
  /** Without a slash at its end. */
  readonly hubUrl: string;
  /** Goes to `hubUrl` alone: no redirect, link or answer takes it to another origin. */
  readonly accessToken: string | undefined;
  /** Wait before the second attempt in milliseconds; it triples each time. */
  readonly retryMs: number;
  /** Milliseconds without a byte after which a server counts as silent. */
  readonly silenceMs: number;
}

/** An answer that is not what was asked for. */
export class HubStatusError extends Error {
  override readonly name = "HubStatusError";
  readonly status: number;
  /** Seconds that the server asks to wait. */
  readonly retryAfter: number;

  constructor(status: number, url: URL, retryAfter = 0) {
    super(`${url.host} answered ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether a later attempt may succeed. */
  get isTransient(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}

const ATTEMPTS = 4;
const MAX_REDIRECTS = 5;
const MAX_RETRY_AFTER_S = 60;
/** A page of a listing has at most a thousand entries of less than a kilobyte. */
const MAX_JSON_BYTES = 8 << 20;

/**
 * Runs an action up to four times, with growing waits, while `isTransient` says that its error may
 * go away. Throws the last error.
 */
export async function withRetries<T>(
  hub: Pick<Hub, "retryMs">,
  isTransient: (error: unknown) => boolean,
  action: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === ATTEMPTS || !isTransient(error)) throw error;
      const asked = error instanceof HubStatusError ? error.retryAfter : 0;
      const wait = Math.max(
        hub.retryMs * 3 ** (attempt - 1),
        1000 * Math.min(asked, MAX_RETRY_AFTER_S),
      );
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** What `hubRequest` hands on of an answer. */
export interface HubReceiver {
  /** Called once, before the body. */
  readonly onHead?: (response: Response) => void | Promise<void>;
  readonly onBytes: (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;
}

/**
 * Asks for one address and hands on what comes. Redirects are followed here, not by `fetch`, so
 * that the token is left out as soon as the origin is another one.
 *
 * @throws {HubStatusError} for an answer that is not 2xx; {Error} for a silent or broken connection
 */
export async function hubRequest(
  hub: Hub,
  start: URL,
  headers: Readonly<Record<string, string>>,
  receiver: HubReceiver,
): Promise<void> {
  const request = new AbortController();
  const seconds = hub.silenceMs / 1000;
  using silence = new SilenceTimer(
    seconds,
    () => request.abort(new Error(`the server was silent for ${seconds} s`)),
  );
  try {
    silence.heard();
    const response = await follow(hub, start, headers, request.signal);
    await receiver.onHead?.(response);
    for await (const chunk of response.body ?? []) {
      silence.heard();
      await receiver.onBytes(chunk);
    }
  } catch (error) {
    // The reason, where the abort shows up as a broken body.
    throw request.signal.aborted ? request.signal.reason : error;
  } finally {
    request.abort();
  }
}

async function follow(
  hub: Hub,
  start: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const authorization = hub.accessToken !== undefined && isOwn(hub, url)
      ? { authorization: `Bearer ${hub.accessToken}` }
      : {};
    const response = await fetch(url, {
      headers: { ...headers, ...authorization },
      redirect: "manual",
      signal,
    });
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      url = target(url, location);
      continue;
    }
    if (response.ok) return response;
    await response.body?.cancel();
    const wait = Number(response.headers.get("retry-after"));
    throw new HubStatusError(response.status, url, wait > 0 ? wait : 0);
  }
  throw new Error(`${start.host} redirects more than ${MAX_REDIRECTS} times`);
}

function isOwn(hub: Hub, url: URL): boolean {
  return url.origin === new URL(hub.hubUrl).origin;
}

/** Where a redirect leads. Throws for anything but the web, and for a step down from https. */
function target(from: URL, location: string): URL {
  const url = new URL(location, from);
  const isWeb = url.protocol === "https:" || url.protocol === "http:" && from.protocol === "http:";
  if (!isWeb) throw new Error(`${from.host} redirects to ${url.protocol}//, which is not followed`);
  return url;
}

/** One page of the hub's API: its value and the address of the next page, if there is one. */
export async function hubJson(
  hub: Hub,
  url: URL,
): Promise<{ readonly value: unknown; readonly next: URL | undefined }> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  let link: string | null = null;
  const deadline = performance.now() + 4 * hub.silenceMs;
  await hubRequest(hub, url, { accept: "application/json" }, {
    onHead: (response) => void (link = response.headers.get("link")),
    onBytes: (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_JSON_BYTES) throw new Error(`${url.host} sends an endless answer`);
      if (performance.now() > deadline) throw new Error(`${url.host} answers too slowly`);
    },
  });
  let value: unknown;
  try {
    value = JSON.parse(await new Blob(chunks).text());
  } catch (error) {
    throw new Error(`${url.host} sent no JSON (${messageOf(error)})`);
  }
  return { value, next: nextPage(hub, url, link) };
}

/** The `rel="next"` of a Link header. Throws where it leads to another origin. */
function nextPage(hub: Hub, from: URL, link: string | null): URL | undefined {
  const address = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link ?? "")?.[1];
  if (address === undefined) return undefined;
  const url = new URL(address, from);
  if (isOwn(hub, url)) return url;
  throw new Error(`${from.host} continues its list at ${url.host}, which is not followed`);
}
