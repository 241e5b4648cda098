import assert from "node:assert/strict";
import { readParameters } from "../../lib/notebook/parameters.ts";

const defaults = { preset: "quick", seeds: 5, records: "results", arms: ["a"] };

Deno.test("parameters of the environment win over those of the cell", () => {
  assert.deepEqual(readParameters(defaults, undefined), defaults);
  assert.deepEqual(readParameters(defaults, '{"seeds": 1, "preset": "smoke"}'), {
    ...defaults,
    seeds: 1,
    preset: "smoke",
  });
});

for (
  const [json, message] of [
    ["{seeds: 1", /not JSON/],
    ["[1]", /is array, not an object/],
    ['{"sedes": 1}', /unknown parameter "sedes".*preset, seeds, records/],
    ['{"seeds": "1"}', /"seeds" is string, must be number/],
    ['{"arms": "a"}', /"arms" is string, must be array/],
  ] as const
) {
  Deno.test(`parameters ${json} are refused`, () => {
    assert.throws(() => readParameters(defaults, json), { name: "UserError", message });
  });
}
