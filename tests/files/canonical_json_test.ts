import assert from "node:assert/strict";
import { canonicalJson } from "../../lib/files/canonical_json.ts";
import { fingerprintJson, fingerprintSequences, sha256 } from "../../lib/files/fingerprint.ts";

Deno.test("equal values give equal bytes, whatever the order of their keys", () => {
  assert.equal(
    canonicalJson({ b: [1, { d: 2, c: null }], a: "x" }),
    '{"a":"x","b":[1,{"c":null,"d":2}]}',
  );
  assert.equal(fingerprintJson({ a: 1, b: 2 }), fingerprintJson({ b: 2, a: 1 }));
  assert.notEqual(fingerprintJson({ a: 1 }), fingerprintJson({ a: "1" }));
});

Deno.test("every double reads back as itself", () => {
  const values = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 2 ** 53, 1e21, -1e-7];
  assert.deepEqual(JSON.parse(canonicalJson(values)), values);
  assert.equal(canonicalJson(-0), "0");
});

Deno.test("undefined keys are left out, strings are escaped", () => {
  assert.equal(
    canonicalJson({ a: undefined, b: '\u2028\n"\ud800' }),
    '{"b":"\u2028\\n\\"\\ud800"}',
  );
});

Deno.test("what JSON cannot hold is refused by its place, never written as null", () => {
  const place = (value: unknown) => {
    try {
      canonicalJson(value);
    } catch (error) {
      return (error as Error).message;
    }
    return "accepted";
  };
  assert.match(place({ steps: [{ loss: 1 }, { loss: NaN }] }), /^steps\[1\]\.loss is NaN/);
  assert.match(place({ a: -Infinity }), /^a is -Infinity/);
  assert.match(place([undefined]), /^\[0\] is of type undefined/);
  assert.match(place({ w: new Float32Array(2) }), /^w is a Float32Array/);
  assert.match(place(new Map()), /^the value is a Map/);
});

Deno.test("indented JSON keeps short values on one line and reads back the same", () => {
  const value = { short: [1, 2, 3], long: Array.from({ length: 40 }, (_, i) => i * 1000), e: {} };
  const text = canonicalJson(value, { indent: 2 });
  assert.deepEqual(JSON.parse(text), value);
  assert.match(text, /"short": ?\[1,2,3\]/);
  assert.ok(text.split("\n").every((line) => line.length <= 120));
});

Deno.test("SHA-256 is the standard's", () => {
  // FIPS 180-2, appendix B.1.
  assert.equal(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(sha256("a", "bc"), sha256("abc"));
});

Deno.test("token sequences with other borders have other fingerprints", () => {
  const of = (...lists: number[][]) =>
    fingerprintSequences(lists.map((ids) => Int32Array.from(ids)));
  assert.equal(of([1, 2], [3]), of([1, 2], [3]));
  assert.notEqual(of([1, 2], [3]), of([1], [2, 3]));
  assert.notEqual(of([1, 2], [3]), of([3], [1, 2]));
});
