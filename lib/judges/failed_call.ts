import { messageOf, UserError } from "../errors.ts";

/**
 * Why a call brought no reply: `lost`, it was cut off or timed out and may be charged; `unreached`, no
 * connection came about; `busy`, the server asks to come again; `question`, it refuses this question.
 */
export type FailureKind = "lost" | "unreached" | "busy" | "question";

/** A call to a judge without a reply, where the same call or that of another question may have one. */
export class FailedCall extends Error {
  /** "FailedCall". */
  override readonly name = "FailedCall";
  readonly kind: FailureKind;
  /** Milliseconds that the server asks to wait; null where it does not say. */
  readonly waitMs: number | null;

  /** @param message for the user, where it ends there; of a question what the server said */
  constructor(kind: FailureKind, message: string, waitMs: number | null = null) {
    super(message);
    this.kind = kind;
    this.waitMs = waitMs;
  }
}

/** Statuses by which a server, or what stands before it, says that it gave up waiting for a reply. */
const TIMEOUTS: readonly number[] = [408, 504, 524];
/** Statuses of a question that is too long, filtered, or has an option that the model refuses. */
const OF_QUESTIONS: readonly number[] = [400, 413, 422];
/** Longest wait that a server may ask for, ms. */
const MOST_WAIT_MS = 60_000;

/** What a call's failure in an official client is: an error that ends everything, or a `FailedCall`. */
export function failedCall(
  error: unknown,
  { url, key, keyName }: { readonly url: string; readonly key: string; readonly keyName: string },
): UserError | FailedCall {
  const { status, headers } = (error ?? {}) as {
    readonly status?: unknown;
    readonly headers?: unknown;
  };
  const what = withoutKey(messageOf(error), key).replaceAll(/\s+/g, " ").slice(0, 300);
  if (typeof status !== "number") {
    const isConnection = error instanceof Error &&
      /Connection|Timeout|Abort/.test(`${error.constructor.name} ${error.name}`);
    return new FailedCall(
      isUnconnected(error) ? "unreached" : "lost",
      isConnection
        ? `${url} cannot be reached (${what}); what was done is kept: run the same command again`
        : `${url} gave replies that were cut off or no JSON, again and again; what was done is ` +
          "kept: see to the server, then run the same command again",
    );
  }
  if (status === 401 || status === 403) {
    return new UserError(`${url} refused the key (${status}): set ${keyName}`);
  }
  if (OF_QUESTIONS.includes(status)) return new FailedCall("question", what);
  if (status === 409 || status === 429 || status >= 500 || TIMEOUTS.includes(status)) {
    return new FailedCall(
      TIMEOUTS.includes(status) ? "lost" : "busy",
      `${url} answered again and again: ${what}; what was done is kept: see to the server, then ` +
        "run the same command again",
      headers instanceof Headers ? waitOf(headers) : null,
    );
  }
  return new UserError(`${url} answered ${what}; what was done is kept: ${JUDGE_ADVICE}`);
}

/** Where to look if a server refuses what it is asked. */
export const JUDGE_ADVICE = "see --judge-model, --judge-url and --judge-temperature";

/** Whether what a call threw says that nothing is charged for it. */
export function isFree(error: unknown): boolean {
  return error instanceof UserError || (error instanceof FailedCall && error.kind !== "lost");
}

/** Whether fetch says, somewhere in the causes, that no connection came about. */
function isUnconnected(error: unknown): boolean {
  return error instanceof Error &&
    (/client error \(Connect\)/.test(error.message) || isUnconnected(error.cause));
}

function waitOf(headers: Headers): number | null {
  const inMs = headers.get("retry-after-ms"), inSeconds = headers.get("retry-after");
  const wait = inMs !== null ? Number(inMs) : inSeconds !== null ? 1000 * Number(inSeconds) : NaN;
  return wait >= 0 && wait <= MOST_WAIT_MS ? wait : null;
}

/** A text in which the key, should a server have sent it back, is blotted out. */
function withoutKey(text: string, key: string): string {
  return key.length < 6 ? text : text.replaceAll(key, "[key]");
}
