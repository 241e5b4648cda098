import { canonicalJson } from "./canonical_json.ts";
import { sha256 } from "./fingerprint.ts";

/** A value as canonical JSON under its own SHA-256. Throws `TypeError` for what JSON cannot hold. */
export function sealJson(value: unknown): string {
  const body = canonicalJson(value);
  return `${sha256(body)}\n${body}\n`;
}

/** The value in a text that `sealJson` wrote. Throws `Error` if a character was changed or lost. */
export function unsealJson(text: string): unknown {
  const [digest, body = ""] = text.split("\n");
  if (digest !== sha256(body)) throw new Error("its SHA-256 does not match");
  return JSON.parse(body);
}
