import type { Prng } from "../../lib/random/prng.ts";

/** Numbers at which readers tend to fail. */
const NUMBERS = [0, 1, -1, 255, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53, 1e308, -1e308, 0.5];

/** JSON values in place of others; deep and long ones among them. */
const VALUES: readonly string[] = [
  ...["null", "true", "false", '""', "[]", "{}", "[[]]", "[null]", '{"a":null}', '"\\u0000"'],
  ...[
    "1e400",
    "-0",
    '"(a+)+$"',
    '"constructor"',
    '{"__proto__":{"x":1}}',
    '"' + "x".repeat(5000) + '"',
  ],
  ...["[".repeat(3000) + "]".repeat(3000), `[${"0,".repeat(3000)}0]`, ...NUMBERS.map(String)],
];

/** A changed copy of a file: one to four changes of its bytes, or of a token where it is text. */
export function mutate(bytes: Uint8Array, prng: Prng): Uint8Array<ArrayBuffer> {
  let mutated = bytes.slice();
  for (let left = [1, 1, 1, 2, 4][prng.integer(5)] ?? 1; left > 0; left--) {
    mutated = isText(mutated) && prng.integer(2) === 0
      ? changeToken(mutated, prng)
      : changeBytes(mutated, prng);
  }
  return mutated;
}

function isText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 64).every((byte) => byte >= 0x20 && byte < 0x7f || byte === 10);
}

/** Replaces, removes or repeats one JSON token or word. */
function changeToken(bytes: Uint8Array, prng: Prng): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(bytes);
  const tokens = [...text.matchAll(/"(?:[^"\\\n]|\\.)*"|-?[\d.]+(?:e[-+]?\d+)?|\w+|[^\s\w]/g)];
  const token = tokens[prng.integer(tokens.length)];
  if (token === undefined) return bytes.slice();
  const other = tokens[prng.integer(tokens.length)]?.[0] ?? "";
  const value = VALUES[prng.integer(VALUES.length)] ?? "";
  const replacement = ["", value, value, other, token[0] + token[0]][prng.integer(5)] ?? "";
  const end = token.index + token[0].length;
  return new TextEncoder().encode(text.slice(0, token.index) + replacement + text.slice(end));
}

function changeBytes(bytes: Uint8Array, prng: Prng): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  if (copy.length === 0) return Uint8Array.of(prng.integer(256));
  // Heads and footers decide most: half of the changes are made near an end.
  const near = Math.min(copy.length, 400);
  const at = [prng.integer(copy.length), prng.integer(near), copy.length - 1 - prng.integer(near)][
    Math.min(2, prng.integer(4))
  ] ?? 0;
  const length = prng.integer(Math.min(64, copy.length - at)) + 1;
  switch (prng.integer(7)) {
    case 0:
    case 1:
      copy[at]! ^= 1 << prng.integer(8);
      return copy;
    case 2:
      copy[at] = prng.integer(256);
      return copy;
    case 3: {
      const view = new DataView(copy.buffer);
      const number = NUMBERS[prng.integer(NUMBERS.length)] ?? 0;
      if (at + 8 > copy.length) return copy;
      if (prng.integer(2) === 0) view.setUint32(at, number, true);
      else view.setFloat32(at, [NaN, Infinity, number][prng.integer(3)] ?? 0, true);
      return copy;
    }
    case 4: // cut a piece
      return joined(copy.subarray(0, at), copy.subarray(at + length));
    case 5: // repeat a piece
      return joined(copy.subarray(0, at + length), copy.subarray(at));
    default: // end early
      return copy.slice(0, at);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
