import assert from "node:assert/strict";
import {
  type GamedRow,
  lengthControlled,
  type LengthControlRow,
} from "../../lib/judges/length_control.ts";
import { fitLassoLogistic } from "../../lib/statistics/lasso_logistic.ts";
import { sigmoid } from "../../lib/statistics/logistic.ts";

interface ReferenceCase {
  readonly rows: LengthControlRow[];
  readonly gamed: GamedRow[] | null;
  readonly raw: number;
  readonly winRate: number;
  readonly standardError: number;
}

const reference: { readonly source: string; readonly cases: readonly ReferenceCase[] } = JSON
  .parse(Deno.readTextFileSync(new URL("./length_control.json", import.meta.url)));

Deno.test(`length-controlled win rates are those of ${reference.source}`, () => {
  assert.equal(reference.cases.length, 4);
  for (const { rows, gamed, raw, ...expected } of reference.cases) {
    const found = lengthControlled(rows, gamed ?? undefined);
    assert.ok(Math.abs(found.winRate - expected.winRate) < 1e-5, `${found.winRate}`);
    // Without difficulties all predictions are equal: AlpacaEval's own formula gives 0.
    if (gamed === null) {
      assert.equal(found.standardError, null);
      assert.ok(expected.standardError < 1e-6, `${expected.standardError}`);
    } else {
      assert.ok(Math.abs((found.standardError ?? NaN) - expected.standardError) < 1e-5);
      assert.ok(expected.standardError > 1e-4, `${expected.standardError}`);
    }
    assert.equal(
      found.regression,
      gamed === null ? "length_controlled_minimal" : "length_controlled_v1",
    );
    // Our answers are longer, and the judges like that: control takes some of it away.
    assert.ok(found.winRate < raw);
  }
});

Deno.test("comparisons without a preference count in the SD of lengths and in the mean alone", () => {
  const [plain, , withGamed] = reference.cases as [ReferenceCase, ReferenceCase, ReferenceCase];
  // Each instruction once more, the length differences spread so that their SD stays what it was:
  // the same fit, and each prediction twice.
  const { rows, gamed, winRate, standardError } = withGamed;
  const n = rows.length;
  const differences = rows.map(({ length, baselineLength }) => baselineLength - length);
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  const again = rows.map(({ index }, i): LengthControlRow => ({
    ...{ index, preference: null, length: 0 },
    baselineLength: mean + Math.sqrt(n / (n - 1)) * ((differences[i] as number) - mean),
  }));
  const found = lengthControlled([...rows, ...again], gamed ?? undefined);
  assert.ok(Math.abs(found.winRate - winRate) < 1e-5, `${found.winRate}`);
  const expected = standardError * Math.sqrt((n - 1) / (2 * n - 1));
  assert.ok(Math.abs((found.standardError ?? NaN) - expected) < 1e-5, `${found.standardError}`);
  // The mean is of all instructions: of the one that nobody judged, too.
  const least = (gamed ?? []).toSorted((a, b) => a.difficulty - b.difficulty)[0] as GamedRow;
  const hard = again.map((row) => ({ ...row, index: least.index }));
  const lower = lengthControlled([...rows, ...hard], gamed ?? undefined).winRate;
  assert.ok(Math.abs(lower - winRate) > 0.01, `${lower}`);
  // One enormous length makes all others as good as equal.
  const huge = { index: 0, preference: null, length: 0, baselineLength: 1e12 };
  const equal = plain.rows.map((row) => ({ ...row, length: 1, baselineLength: 1 }));
  const difference = lengthControlled([...plain.rows, huge]).winRate -
    lengthControlled(equal).winRate;
  assert.ok(Math.abs(difference) < 1e-5, `${difference}`);
  assert.throws(() => lengthControlled([huge]), RangeError);
});

Deno.test("a lasso's optimum: gradients at zeros within the penalty, elsewhere equal to it", () => {
  const rows = Array.from({ length: 40 }, (_, i) => [1, Math.sin(i), Math.cos(3 * i) / 9]);
  const targets = rows.map((row, i) => i % 5 === 0 ? 0.5 : Number((row[1] as number) > -0.3));
  const weights = rows.map((_, i) => 1 + i % 3);
  for (const strength of [0.01, 0.3, 5]) {
    const coefficients = fitLassoLogistic({ rows, targets, weights }, strength);
    [0, 1, 2].forEach((j) => {
      const gradient = rows.reduce((sum, row, i) => {
        const logit = row.reduce((all, x, k) => all + x * (coefficients[k] as number), 0);
        const error = sigmoid(logit) - (targets[i] as number);
        return sum + strength * (weights[i] as number) * error * (row[j] as number);
      }, 0);
      const coefficient = coefficients[j] as number;
      if (coefficient === 0) assert.ok(Math.abs(gradient) <= 1 + 1e-6, `${strength} ${j}`);
      else assert.ok(Math.abs(gradient + Math.sign(coefficient)) < 1e-5, `${strength} ${j}`);
    });
  }
});

Deno.test("equal lengths change nothing much; one comparison has no standard error", () => {
  const rows = [1, 0, 1, 1, 0.5, 1, 0, 1].flatMap((preference, i) =>
    Array.from({ length: 20 }, (_, k) => ({
      ...{ index: 20 * i + k, preference, length: 100, baselineLength: 100 },
    }))
  );
  const { winRate } = lengthControlled(rows);
  assert.ok(Math.abs(winRate - 5.5 / 8) < 0.02, `${winRate}`);
  const one = { index: 0, preference: 1, length: 5, baselineLength: 9 };
  assert.equal(lengthControlled([one]).standardError, null);
  const own = [{ index: 0, preference: 0.5, deltaLength: 0, difficulty: 1 }];
  assert.equal(lengthControlled([one], own).standardError, null);
  assert.throws(() => lengthControlled([]), RangeError);
  const gamed = [{ index: 7, preference: 0.5, deltaLength: 0, difficulty: 1 }];
  assert.throws(() => lengthControlled([one], gamed), /difficulty of instruction 0/);
});
