import { messageOf, UserError } from "../errors.ts";

/** What a call's failure is to the user; anything that is no answer of a server stays as it is. */
export function endpointError(
  error: unknown,
  { url, key, keyName }: { readonly url: string; readonly key: string; readonly keyName: string },
): unknown {
  const status = (error as { status?: unknown } | null)?.status;
  const what = withoutKey(messageOf(error), key).replaceAll(/\s+/g, " ").slice(0, 300);
  if (status === 401 || status === 403) {
    return new UserError(`${url} refused the key (${status}): set ${keyName}`);
  }
  if (typeof status === "number") {
    const again = status === 429 || status >= 500;
    return new UserError(
      `${url} answered ${again ? "again and again: " : ""}${what}; what was done is kept: ` +
        (again
          ? "see to the server, then run the same command again"
          : "see --judge-model, --judge-url and --judge-temperature"),
    );
  }
  if (error instanceof Error && /Connection|Timeout/.test(error.constructor.name)) {
    return new UserError(
      `${url} cannot be reached (${what}); what was done is kept: run the same command again`,
    );
  }
  return error;
}

/** A text in which the key, should a server have sent it back, is blotted out. */
export function withoutKey(text: string, key: string): string {
  return key.length < 6 ? text : text.replaceAll(key, "[key]");
}
