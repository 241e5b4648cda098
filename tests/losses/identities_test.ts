import assert from "node:assert/strict";
import { lossConfigFromOptions, needsWholeBatch } from "../../lib/losses/loss_config.ts";
import { sparseFlips } from "../../lib/losses/sparse_flips.ts";
import { tailCaps } from "../../lib/losses/tail_caps.ts";
import { pairLoss } from "../../lib/losses/pair_loss.ts";
import { createPrng } from "../../lib/random/prng.ts";
import type { PairLosses } from "../../lib/losses/types.ts";
import { allLossCases, assertClose, batchOf, randomRows } from "./loss_cases.ts";

const rows = randomRows(40, 3);
const batch = batchOf(rows);
/** Chosen and rejected exchanged. */
const swapped = batchOf(rows.map(([a, b, c, d, e, f]) => [b, a, d, c, f, e] as number[]));

function assertSame(actual: PairLosses, expected: PairLosses, tolerance: number): void {
  for (const key of Object.keys(expected) as (keyof PairLosses)[]) {
    expected[key].forEach((value, i) =>
      assertClose(actual[key][i], value, tolerance * Math.max(1, Math.abs(value)), `${key}[${i}]`)
    );
  }
}

Deno.test("where policy and reference agree, DPO's losses are ln 2", () => {
  const equal = batchOf(rows.map(([, , c, d, e, f]) => [c, d, c, d, e, f] as number[]));
  for (const name of ["dpo", "cdpo", "rdpo", "length-normalised-dpo", "dr-dpo"]) {
    for (const loss of pairLoss(lossConfigFromOptions(name), equal).losses) {
      assertClose(loss, Math.LN2, 1e-15, name);
    }
  }
  assert.deepEqual(
    pairLoss(lossConfigFromOptions("slic"), equal).losses,
    new Float64Array(40).fill(1),
  );
});

Deno.test("with their extra option at 0, cDPO, rDPO and R-DPO are DPO", () => {
  for (const beta of [0.1, 0.5]) {
    const expected = pairLoss(lossConfigFromOptions("dpo", { beta }), batch);
    assertSame(
      pairLoss(lossConfigFromOptions("cdpo", { beta, epsilon: 0 }), batch),
      expected,
      1e-15,
    );
    assertSame(
      pairLoss(lossConfigFromOptions("rdpo", { beta, epsilon: 0 }), batch),
      expected,
      1e-15,
    );
    assertSame(
      pairLoss(lossConfigFromOptions("r-dpo", { beta, alpha: 0 }), batch),
      expected,
      1e-15,
    );
  }
});

Deno.test("responses of one token: length-normalised DPO is DPO, averaged IPO is IPO", () => {
  const short = batchOf(rows.map((row) => [...row.slice(0, 4), 1, 1]));
  assertSame(
    pairLoss(lossConfigFromOptions("length-normalised-dpo", { beta: 0.3 }), short),
    pairLoss(lossConfigFromOptions("dpo", { beta: 0.3 }), short),
    1e-14,
  );
  assertSame(
    pairLoss(lossConfigFromOptions("ipo", { average: true }), short),
    pairLoss(lossConfigFromOptions("ipo", { average: false }), short),
    1e-15,
  );
});

Deno.test("Dr. DPO tends to DPO as betaPrime grows, and to the least loss as it falls", () => {
  const expected = pairLoss(lossConfigFromOptions("dpo"), batch);
  const mean = expected.losses.reduce((a, b) => a + b) / 40;
  const wide = pairLoss(lossConfigFromOptions("dr-dpo", { betaPrime: 1e9 }), batch);
  assertClose(wide.losses[0], mean, 1e-6, "batch loss");
  wide.chosenGrads.forEach((grad, i) =>
    assertClose(grad, expected.chosenGrads[i] as number, 1e-8, `gradient ${i}`)
  );
  const narrow = pairLoss(lossConfigFromOptions("dr-dpo", { betaPrime: 1e-6 }), batch);
  assertClose(narrow.losses[0], Math.min(...expected.losses), 1e-5, "batch loss");
});

Deno.test("without budgets wDPO is DPO; budgets are kept, and labels turned round where z is least", () => {
  const off = { flipBudget: 0, capBudget: 0 };
  for (const progress of [0, 1]) {
    assertSame(
      pairLoss(lossConfigFromOptions("wdpo", off), { ...batch, progress }),
      pairLoss(lossConfigFromOptions("dpo"), batch),
      1e-15,
    );
  }
  const { margins } = pairLoss(lossConfigFromOptions("dpo"), batch);
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
  for (const [budget, temperature] of [[0.05, 1], [0.15, 0.1], [0.2, 0.01]] as const) {
    const flips = sparseFlips(margins, budget, temperature);
    const turned = [...flips].filter((weight) => weight > 0).length;
    assert.ok(mean(flips) <= budget + 1e-12 && turned > 0);
    if (flips.every((weight) => weight < 1)) assertClose(mean(flips), budget, 1e-12, "budget");
    const lowest = margins.toSorted()[turned - 1]!;
    flips.forEach((weight, i) => assert.equal(weight > 0, margins[i]! <= lowest));
  }
  const losses = Float64Array.of(4, 1, 3, 2, 10);
  assert.deepEqual(tailCaps(losses, 0.5, 0.2), {
    threshold: 3,
    weights: Float64Array.of(0.125, 0, 0, 0, 0.875),
  });
  assert.deepEqual(tailCaps(losses, 0.625, 1), {
    threshold: 3.5,
    weights: Float64Array.of(5 * (0.5 / 7), 0, 0, 0, 1),
  });
});

Deno.test("IPO is least, with no gradient, where delta is 1 / (2 tau)", () => {
  for (const tau of [0.1, 0.25]) {
    const at = (delta: number) =>
      pairLoss(lossConfigFromOptions("ipo", { tau }), batchOf([[-9, -9, -9 - delta, -9, 3, 4]]));
    const best = at(1 / (2 * tau));
    assert.equal(best.losses[0], 0);
    assert.equal(Math.abs(best.chosenGrads[0] as number), 0);
    assert.equal(best.margins[0], 0.5);
    for (const off of [-1, -0.01, 0.01, 1]) {
      assertClose(at(1 / (2 * tau) + off).losses[0], off * off, 1e-12, `IPO at ${off}`);
    }
  }
});

Deno.test("the hinge losses have neither value nor slope beyond their margin", () => {
  // z = 0.1 * 10.5 = 1.05
  const beyond = pairLoss(lossConfigFromOptions("slic"), batchOf([[-1, -20, -11.5, -20, 3, 4]]));
  const short = pairLoss(lossConfigFromOptions("slic"), batchOf([[-2, -20, -11.5, -20, 3, 4]]));
  assert.deepEqual(
    [beyond.losses[0], beyond.chosenGrads[0], beyond.rejectedGrads[0]].map(
      Math.abs as (value: number | undefined) => number,
    ),
    [0, 0, 0],
  );
  assertClose(short.losses[0], 0.05, 1e-15, "SLiC at z = 0.95");
  assert.deepEqual([short.chosenGrads[0], short.rejectedGrads[0]], [-0.1, 0.1]);
  const slicHf = pairLoss(
    lossConfigFromOptions("slic-hf", { lambda: 0 }),
    batchOf([[-1, -2.5, 0, 0, 3, 4]]),
  );
  assert.deepEqual([slicHf.losses[0], slicHf.rejectedGrads[0]], [0, 0]);
});

Deno.test("KTO is 1 where no response has gained or lost, and saturates on both sides", () => {
  const config = lossConfigFromOptions("kto");
  const of = (rhoChosen: number, rhoRejected: number, z0: number) =>
    pairLoss(config, batchOf([[rhoChosen - 9, rhoRejected - 8, -9, -8, 3, 4]], z0));
  for (const z0 of [0, 2.5]) {
    const even = of(z0, z0, z0);
    assert.deepEqual([even.losses[0], even.chosenGrads[0], even.rejectedGrads[0]], [
      1,
      -0.025,
      0.025,
    ]);
    // sigmoid(-x) + sigmoid(x) = 1: what both have gained alike cancels.
    assertClose(of(z0 + 7, z0 + 7, z0).losses[0], 1, 1e-15, "both gained");
  }
  // A pair that the policy firmly contradicts pulls less than one that is open: unlike DPO.
  assert.ok(of(-80, 80, 0).rejectedGrads[0]! < 1e-2 * of(0, 0, 0).rejectedGrads[0]!);
  assertClose(of(-800, 800, 0).losses[0], 2, 1e-15, "all lost");
  // A higher reference point asks more of the chosen response and less of the rejected one.
  const [low, high] = [of(3, -3, 0), of(3, -3, 2)];
  assert.ok(-high.chosenGrads[0]! > -low.chosenGrads[0]!);
  assert.ok(high.rejectedGrads[0]! < low.rejectedGrads[0]!);
  assertClose(low.margins[0], 0.6, 1e-15, "margin");
  assert.deepEqual(high.margins, low.margins, "the margin is beta delta, whatever the point");
});

Deno.test("rDPO is unbiased: over flips of rate epsilon it is DPO on the clean label", () => {
  const clean = pairLoss(lossConfigFromOptions("dpo"), batch);
  for (const epsilon of [0.1, 0.2, 0.4]) {
    const config = lossConfigFromOptions("rdpo", { epsilon });
    const right = pairLoss(config, batch);
    const wrong = pairLoss(config, swapped);
    clean.losses.forEach((loss, i) => {
      const mix = (a: Float64Array, b: Float64Array): number =>
        (1 - epsilon) * (a[i] as number) + epsilon * (b[i] as number);
      assertClose(mix(right.losses, wrong.losses), loss, 1e-13, `loss ${i} at ${epsilon}`);
      assertClose(
        mix(right.chosenGrads, wrong.rejectedGrads),
        clean.chosenGrads[i] as number,
        1e-14,
        `gradient ${i} at ${epsilon}`,
      );
    });
  }
});

Deno.test("cDPO is least where sigmoid(z) = 1 - epsilon", () => {
  const epsilon = 0.2;
  const z = Math.log((1 - epsilon) / epsilon);
  const out = pairLoss(
    lossConfigFromOptions("cdpo", { beta: 0.5, epsilon }),
    batchOf([[2 * z - 50, -50, -50, -50, 5, 5]]),
  );
  assertClose(out.chosenGrads[0], 0, 1e-15, "gradient");
});

Deno.test("ROPO's gradient weight peaks at 1, where sigmoid(-z) = (1 + alpha) / (2 alpha)", () => {
  for (const alpha of [2, 14]) {
    const config = lossConfigFromOptions("ropo", { beta: 1, alpha });
    const weight = (z: number): number =>
      -(pairLoss(config, batchOf([[z - 20, -20, -20, -20, 5, 5]])).chosenGrads[0] as number);
    const s = (1 + alpha) / (2 * alpha);
    const peak = Math.log((1 - s) / s);
    assertClose(weight(peak), 1, 1e-12, "weight at the peak");
    for (const off of [-2, -0.1, 0.1, 2]) assert.ok(weight(peak + off) < 1 - 1e-4);
  }
});

Deno.test("R-DPO asks less of a longer chosen response", () => {
  const config = lossConfigFromOptions("r-dpo", { alpha: 0.1 });
  const of = (chosenLength: number) =>
    pairLoss(config, batchOf([[-9, -9, -9, -9, chosenLength, 10]])).losses[0] as number;
  assert.ok(of(20) < of(10) && of(10) < of(5));
});

Deno.test("the reported margin is the one that is optimised", () => {
  const logistic = (margin: number): number => Math.log1p(Math.exp(-margin));
  for (const config of allLossCases) {
    const out = pairLoss(config, batch);
    out.margins.forEach((margin, i) => {
      assertClose(
        margin,
        (out.chosenRewards[i] as number) - (out.rejectedRewards[i] as number),
        1e-12,
        "margin",
      );
      switch (config.name) {
        case "dpo":
        case "r-dpo":
        case "length-normalised-dpo":
          assertClose(out.losses[i], logistic(margin), 1e-12, config.name);
          break;
        case "simpo":
          assertClose(
            out.losses[i],
            logistic(margin - config.beta * config.gammaMarginRatio),
            1e-12,
            config.name,
          );
          break;
        case "ipo":
          assertClose(
            out.losses[i],
            (margin / config.tau - 1 / (2 * config.tau)) ** 2,
            1e-9,
            config.name,
          );
          break;
        case "slic":
          assertClose(out.losses[i], Math.max(0, 1 - margin), 1e-12, config.name);
          break;
      }
    });
  }
});

Deno.test("the order of a batch does not matter, and neither does splitting it unless declared", () => {
  const order = createPrng(1, "order").shuffle(rows.keys().toArray());
  for (const config of allLossCases) {
    const whole = pairLoss(config, batch);
    const permuted = pairLoss(config, batchOf(order.map((i) => rows[i] as number[])));
    const single = rows.map((row) => pairLoss(config, batchOf([row])));
    const tolerance = needsWholeBatch(config) ? 1e-12 : 0;
    for (const key of Object.keys(whole) as (keyof PairLosses)[]) {
      order.forEach((from, to) =>
        assertClose(
          permuted[key][to],
          whole[key][from] as number,
          tolerance,
          `${config.name} ${key}`,
        )
      );
    }
    const sameWhenSplit = single.every((out, i) => out.chosenGrads[0] === whole.chosenGrads[i]);
    assert.equal(sameWhenSplit, !needsWholeBatch(config), config.name);
  }
});
