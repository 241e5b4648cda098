import { messageOf, UserError } from "../errors.ts";
import { HubStatusError, withRetries } from "../policy/io/hub_client.ts";

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** A server's answer that is no success, and will not become one. */
export class ServerRefusal extends UserError {
  readonly status: number;
  /** What the server said about it; empty where it said nothing. */
  readonly said: string;

  constructor(message: string, status: number, said: string) {
    super(message);
    this.status = status;
    this.said = said;
  }
}

/** Longest part of a server's own words that an error repeats, in characters. */
const SAID = 300;

/** The header with the key in `SERA_SERVER_KEY`; none where it is not set. */
export function serverKeyHeader(): { authorization?: string } {
  const key = Deno.env.get("SERA_SERVER_KEY");
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

/**
 * The JSON that a model server answers: GET without a body, else POST; tried again while that may
 * help. A key in `SERA_SERVER_KEY` goes along.
 *
 * @param timeoutMs after which a request counts as stalled
 * @throws {ServerRefusal} for an answer that is not 2xx, with the server's own words
 * @throws {UserError} where the server cannot be reached, stalls, or answers what is no JSON
 */
export async function askServer(url: URL, timeoutMs: number, body?: Json): Promise<Json> {
  const transient = (error: unknown) =>
    error instanceof HubStatusError ? error.isTransient : !(error instanceof UserError);
  let said = "";
  try {
    // The second attempt follows after a hundredth of the patience, about a second.
    return await withRetries({ retryMs: timeoutMs / 100 }, transient, async () => {
      const response = await fetch(url, {
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
        headers: { "content-type": "application/json", ...serverKeyHeader() },
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      if (response.ok) return parsed(text, url);
      said = wordsOf(text);
      const wait = Number(response.headers.get("retry-after")) || 0;
      throw new HubStatusError(response.status, url, wait);
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    const advice = "what was done is kept: see to the server, then run the same command again";
    if (error instanceof HubStatusError) {
      if (error.status === 401 || error.status === 403) {
        throw new ServerRefusal(
          `${url} refused the key (${error.status}): set SERA_SERVER_KEY`,
          error.status,
          said,
        );
      }
      const again = error.isTransient ? " again and again" : "";
      const words = said === "" ? "" : ` (it says: ${said})`;
      throw new ServerRefusal(
        `${url} answered ${error.status}${again}; ${advice}${words}`,
        error.status,
        said,
      );
    }
    const what = error instanceof DOMException && error.name === "TimeoutError"
      ? `gave no answer within ${timeoutMs / 1000} s, again and again`
      : `cannot be asked: ${messageOf(error)}`;
    throw new UserError(`${url} ${what}; ${advice}`);
  }
}

function parsed(text: string, url: URL): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Python writes numbers that JSON does not have.
    const number = /-?\bInfinity\b|\bNaN\b/.exec(text)?.[0];
    throw new UserError(
      number === undefined
        ? `${url} answered what is no JSON: ${
          JSON.stringify(text.slice(0, 60))
        }; is it a model server?`
        : `${url} answered with ${number} for a number: check the model's weights`,
    );
  }
}

/**
 * Why a server refuses: `error.message` of vLLM and llama.cpp, `message` of vLLM before 0.10,
 * `detail` of FastAPI (llama-cpp-python), or whatever it wrote.
 */
function wordsOf(text: string): string {
  let words: unknown = text;
  try {
    const { error, message, detail } = Object(JSON.parse(text)) as Json;
    const parts = Array.isArray(detail) ? detail.map((one) => Object(one).msg).join("; ") : detail;
    words = Object(error).message ?? error ?? message ?? parts ?? text;
  } catch { /* not JSON: as it is */ }
  return String(words).replaceAll(/\s+/g, " ").trim().slice(0, SAID);
}
