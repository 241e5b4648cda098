// The protocol's messages have no types here.
// deno-lint-ignore-file no-explicit-any
/** A real browser for tests, spoken to over its debugging protocol. */

import { TextLineStream } from "../support/text_lines.ts";

/** What a page did while a test looked at it. */
export interface Page {
  /** Console errors, uncaught exceptions and failed requests. */
  readonly problems: string[];
  /** Addresses asked for, other than `data:`. */
  readonly requests: string[];
  /** Opens another address; problems and requests begin anew. */
  open(url: string): Promise<void>;
  /** The value of an expression; promises are awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** Evaluates until the result is true. */
  until(expression: string, seconds: number): Promise<void>;
  /** Moves the pointer to the middle of an element. */
  pointAt(selector: string): Promise<void>;
  /** Makes the window so many px wide, with the colours that a reader prefers. */
  emulate(width: number, scheme: "light" | "dark"): Promise<void>;
  /** PNG of the whole page. */
  screenshot(): Promise<Uint8Array>;
}

/** Chromium's program, or undefined where there is none. */
export function findBrowser(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    for (const name of names) {
      try {
        if (Deno.statSync(`${folder}/${name}`).isFile) return `${folder}/${name}`;
      } catch { /* not there */ }
    }
  }
  return undefined;
}

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, any>;
  readonly result?: any;
  readonly error?: { message: string };
}

/** Opens `url`, hands the loaded page to `use`, and closes the browser whatever happens. */
export async function withPage(
  url: string,
  use: (page: Page) => Promise<void>,
  size = "1200,1000",
): Promise<void> {
  const profile = await Deno.makeTempDir();
  const browser = new Deno.Command(findBrowser() as string, {
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
      ...["--disable-dev-shm-usage", "--remote-debugging-port=0", `--window-size=${size}`],
      ...[`--user-data-dir=${profile}`, "about:blank"],
    ],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    const [endpoint, drained] = await debuggingAddress(browser.stderr);
    const targets = await (await fetch(`http://${new URL(endpoint).host}/json`)).json();
    const target = targets.find((entry: { type: string }) => entry.type === "page");
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    await use(await openPage(socket, url));
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
    browser.kill("SIGTERM");
    await drained;
  } finally {
    try {
      browser.kill("SIGKILL");
    } catch { /* it has ended */ }
    await browser.status;
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
}

async function debuggingAddress(
  stderr: ReadableStream<Uint8Array>,
): Promise<[string, Promise<void>]> {
  const reader = stderr.pipeThrough(new TextLineStream()).getReader();
  let text = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the browser did not start: ${text}`);
    text += `${value}\n`;
    const address = text.match(/listening on (ws:\/\/\S+)/)?.[1];
    if (address !== undefined) {
      const drained = (async () => {
        while (!(await reader.read()).done);
      })();
      return [address, drained];
    }
  }
}

async function openPage(socket: WebSocket, url: string): Promise<Page> {
  let last = 0;
  const waiting = new Map<number, { resolve(value: any): void; reject(error: Error): void }>();
  const problems: string[] = [];
  const requests: string[] = [];
  let loaded = () => {};
  socket.onmessage = ({ data }) => {
    const { id, method, params, result, error }: Reply = JSON.parse(data);
    if (id !== undefined) {
      const entry = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) entry?.resolve(result);
      else entry?.reject(new Error(error.message));
    } else if (method === "Runtime.exceptionThrown") {
      problems.push(params!.exceptionDetails.exception?.description ?? "exception");
    } else if (method === "Runtime.consoleAPICalled" && params!.type === "error") {
      problems.push(params!.args.map((arg: any) => arg.value ?? arg.description).join(" "));
    } else if (method === "Log.entryAdded" && params!.entry.level === "error") {
      problems.push(`${params!.entry.text} ${params!.entry.url ?? ""}`);
    } else if (method === "Network.requestWillBeSent") {
      if (!params!.request.url.startsWith("data:")) requests.push(params!.request.url);
    } else if (method === "Page.loadEventFired") {
      loaded();
    }
  };
  const call = (method: string, params = {}) =>
    new Promise<any>((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await call(`${domain}.enable`);
  const page: Page = {
    problems,
    requests,
    async open(address) {
      problems.length = 0;
      requests.length = 0;
      const load = new Promise<void>((resolve) => loaded = resolve);
      await call("Page.navigate", { url: address });
      await load;
    },
    async evaluate(expression) {
      const { result, exceptionDetails } = await call("Runtime.evaluate", {
        expression,
        awaitPromise: true,
        returnByValue: true,
      });
      if (exceptionDetails !== undefined) {
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      }
      return result.value;
    },
    async until(expression, seconds) {
      const end = performance.now() + seconds * 1000;
      while (!(await page.evaluate<boolean>(expression))) {
        if (performance.now() > end) throw new Error(`not true in ${seconds} s: ${expression}`);
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
    async pointAt(selector) {
      const { x, y } = await page.evaluate<{ x: number; y: number }>(`(() => {
        const element = document.querySelector(${JSON.stringify(selector)});
        element.scrollIntoView({ block: "center" });
        const { x, y, width, height } = element.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      })()`);
      for (const step of [3, 0]) {
        await call("Input.dispatchMouseEvent", { type: "mouseMoved", x: x + step, y });
      }
    },
    async emulate(width, scheme) {
      await call("Emulation.setDeviceMetricsOverride", {
        ...{ width, height: 900, deviceScaleFactor: 1, mobile: width < 600 },
      });
      const features = [{ name: "prefers-color-scheme", value: scheme }];
      await call("Emulation.setEmulatedMedia", { features });
    },
    async screenshot() {
      const { cssContentSize } = await call("Page.getLayoutMetrics");
      const { data } = await call("Page.captureScreenshot", {
        captureBeyondViewport: true,
        clip: { ...cssContentSize, scale: 1 },
      });
      return Uint8Array.fromBase64(data);
    },
  };
  await page.open(url);
  return page;
}
