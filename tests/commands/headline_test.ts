import assert from "node:assert/strict";
import { type Claim, judgeClaims } from "../../lib/study/claim.ts";
import { headlines } from "../../experiments/commands/reproduce/headline.ts";

const claim: Claim = {
  id: "higher",
  text: "",
  paper: "",
  metric: "gold",
  condition: "c",
  arm: "a",
  baseline: "b",
  direction: "higher",
  smallestEffect: 0.05,
};
const result = (differences: number[]) =>
  judgeClaims([{
    claim,
    armValues: differences,
    baselineValues: differences.map(() => 0),
  }]);

Deno.test("a reproduced number agrees where one mean lies inside the other's interval", () => {
  const published = result([0.2, 0.21, 0.19, 0.2]); // .200 [.187, .213]
  const [same] = headlines(result([0.2, 0.212]), published, 1);
  assert.match(same ?? "", /^ {2}\w.* higher: gold \+0\.206 .*; published \+0\.200 .*: agrees$/);
  const [wide] = headlines(result([0.5, 0.1]), published, 1); // .300 [-2.24, 2.84]
  assert.match(wide ?? "", /: agrees$/);
  const [other] = headlines(result([0.3, 0.301, 0.299]), published, 1);
  assert.match(other ?? "", /: does not agree$/);
});

Deno.test("claims that were not run are counted; nothing is compared where nothing is published", () => {
  assert.deepEqual(headlines([], [], 3), ["  3 more claims need cells or seeds that were not run"]);
  const [line, ...rest] = headlines(result([0.2, 0.21, 0.19]), [], 1);
  assert.equal(rest.length, 0);
  assert.doesNotMatch(line ?? "", /published/);
});
