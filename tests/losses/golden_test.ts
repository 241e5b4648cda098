import assert from "node:assert/strict";
import { lossConfigFromOptions, type LossOptions } from "../../lib/losses/loss_config.ts";
import { lossNames } from "../../lib/losses/loss_table.ts";
import { pairLoss } from "../../lib/losses/pair_loss.ts";
import trl from "./trl_losses.json" with { type: "json" };
import { assertClose, batchOf } from "./loss_cases.ts";

// rho_w = 1.75, rho_l = -2.75, so delta = 4.5 and z = 0.45 at beta 0.1.
const agrees = [-10.25, -21.5, -12, -18.75, 6, 11];
// rho_w = -7.5, rho_l = 1.875, so z = -0.9375 at beta 0.1.
const disagrees = [-33, -17.125, -25.5, -19, 12, 8];

/**
 * Loss, d/dl_w and d/dl_l of `agrees`, from the formulas of the papers typed into mpmath with 40
 * digits (no code shared with ours); the first line of each comment is the argument that matters.
 */
const byFormula: [string, LossOptions, [number, number, number]][] = [
  // -log sigmoid(0.45)
  ["dpo", { beta: 0.1 }, [0.493248945997454869, -0.038936076605077801, 0.038936076605077801]],
  // (4.5 - 5)^2
  ["ipo", { tau: 0.1 }, [0.25, -1, 1]],
  // 1.75/6 + 2.75/11 = 13/24; (13/24 - 5)^2 = (107/24)^2
  ["ipo", { tau: 0.1, average: true }, [11449 / 576, -107 / 72, 107 / 132]],
  // max(0, 1 + 10.25 - 21.5) = 0, so only 0.1 * 10.25 is left
  ["slic-hf", {}, [1.025, -0.1, 0]],
  // max(0, 12 + 10.25 - 21.5) = 0.75
  ["slic-hf", { margin: 12, lambda: 0.2 }, [2.8, -1.2, 1]],
  // 1 - 0.45
  ["slic", { beta: 0.1 }, [0.55, -0.1, 0.1]],
  // -log sigmoid(2 (-10.25/6 + 21.5/11) - 0.5)
  ["simpo", {}, [0.696942233343524507, -0.167297976778631446, 0.091253441879253516]],
  ["cdpo", { epsilon: 0.2 }, [0.583248945997454869, -0.018936076605077801, 0.018936076605077801]],
  ["rdpo", { epsilon: 0.2 }, [0.343248945997454869, -0.072269409938411134, 0.072269409938411134]],
  // -log sigmoid(0.45 + 0.05 (6 - 11)) = -log sigmoid(0.2)
  ["r-dpo", { alpha: 0.05 }, [0.598138869381591839, -0.045016600268752209, 0.045016600268752209]],
  // -log sigmoid(5 * 13/24)
  [
    "length-normalised-dpo",
    {},
    [0.064520827721482628, -0.052069510229725557, 0.028401551034395758],
  ],
  ["ropo", {}, [1.479470140265188595, -0.09253654554185287, 0.09253654554185287]],
  // a batch of one pair is DPO
  ["dr-dpo", {}, [0.493248945997454869, -0.038936076605077801, 0.038936076605077801]],
  // a batch of one pair that the policy agrees with is DPO
  ["wdpo", {}, [0.493248945997454869, -0.038936076605077801, 0.038936076605077801]],
  ["cpo", {}, [1.989483469581648108, -0.191175167979903837, 0.02450850131323717]],
  // sigmoid(-0.1 (1.75 - 0.75)) + sigmoid(-0.1 (0.75 + 2.75))
  ["kto", {}, [0.888403233603729956, -0.024937604019289197, 0.0242497395022500099]],
  // 1.5 sigmoid(-0.3) + 0.5 sigmoid(-1.05)
  ["kto", { beta: 0.3, desirableWeight: 1.5, undesirableWeight: 0.5 }, [
    0.767948775191434522,
    -0.110006240260835642,
    0.028804117188573501,
  ]],
  ["orpo", {}, [1.764051575954628151, -0.175361551074045509, 0.00452420565743777]],
];

Deno.test("every loss has the value and gradient of its paper's formula", () => {
  assert.deepEqual([...new Set(byFormula.map(([name]) => name))].sort(), [...lossNames].sort());
  for (const [name, options, [loss, chosenGrad, rejectedGrad]] of byFormula) {
    const out = pairLoss(lossConfigFromOptions(name, options), batchOf([agrees]));
    assertClose(out.losses[0], loss, 1e-14 * Math.abs(loss), `${name} loss`);
    assertClose(out.chosenGrads[0], chosenGrad, 1e-14, `${name} chosen gradient`);
    assertClose(out.rejectedGrads[0], rejectedGrad, 1e-14, `${name} rejected gradient`);
  }
});

Deno.test("Dr. DPO weights the pairs of a batch as its paper's formula does", () => {
  const expected = [
    // betaPrime, batch loss, 2 dL/dl_w of both pairs (mpmath, 40 digits)
    [1, 0.807386057622048296, -0.053306504086442561, -0.04533774136827437],
    [2, 0.843324866196441894, -0.04638421466151267, -0.058113343838345626],
  ];
  for (const [betaPrime, loss, first, second] of expected as [number, number, number, number][]) {
    const config = lossConfigFromOptions("dr-dpo", { betaPrime });
    const out = pairLoss(config, batchOf([agrees, disagrees]));
    assertClose(out.losses[0], loss, 1e-14, "loss");
    assert.equal(out.losses[0], out.losses[1]);
    assertClose(out.chosenGrads[0], first, 1e-14, "first pair");
    assertClose(out.chosenGrads[1], second, 1e-14, "second pair");
    assert.equal(out.rejectedGrads[0], -(out.chosenGrads[0] as number));
    assert.equal(out.rejectedGrads[1], -(out.chosenGrads[1] as number));
  }
});

/** Options, progress, losses and d/d delta of the pairs below. */
const wdpoByAuthors: [LossOptions, number, number[], number[]][] = [
  [
    { beta: 0.5 },
    1,
    [
      ...[0.31326168751822286, 0.7549541454102837, 0.6325990353171691, 0.757561032593349],
      ...[0.7311501362483149, 0.4740769841801067, 0.16022415043808722, 0.7995356481774367],
    ],
    [
      ...[-0.13447071068499755, 0, -0.23439531331312188, -0.26178838358586887],
      ...[-0.07745749343381415, -0.18877033439907273, -0.07402359901584474, -0.05784460415710592],
    ],
  ],
  // Warming up.
  [
    { beta: 0.5 },
    0.29,
    [
      ...[0.31326168751822286, 1.133785542881761, 0.6325990353171691, 0.7575990353171691],
      ...[1.2037181244349262, 0.4740769841801067, 0.16022415043808722, 1.2147391288625649],
    ],
    [
      ...[-0.13447071068499755, -0.3119629882113319, -0.23439531331312188, -0.2656046866868781],
      ...[-0.1287338409524608, -0.18877033439907273, -0.07402359901584474, -0.19749440066366347],
    ],
  ],
  [
    { beta: 1, flipBudget: 0.4, flipTemperature: 0.2, tailQuantile: 0.5, capBudget: 0.1 },
    0.3,
    [
      ...[0.1269280110429725, 1.482802275657573, 0.5735520626816553, 0.8058136260465225],
      ...[0.10020655891674721, 0.31326168751822286, 0.029750418272620566, 1.7352294791366882],
    ],
    [
      ...[-0.11920292202211755, -0.6753649232008007, -0.42986514594650016, -0.5325066996732108],
      ...[0.0953494648991095, -0.2689414213699951, -0.029312230751356316, -0.6757199267698313],
    ],
  ],
];

Deno.test("wDPO's losses and gradients are those of its authors' code", () => {
  // Functions of CompassDPO's trainers_wDPO.py (commit 8bcc02b), run in float64 with torch 2.15.
  const delta = [2, -1.5, 0.25, -0.25, -2.25, 1, 3.5, -2];
  const batch = batchOf(delta.map((value) => [value - 20, -20, -20, -20, 5, 5]));
  for (const [options, progress, losses, slopes] of wdpoByAuthors) {
    const out = pairLoss(lossConfigFromOptions("wdpo", options), { ...batch, progress });
    losses.forEach((loss, i) => assertClose(out.losses[i], loss, 1e-14, `loss ${i}`));
    slopes.forEach((slope, i) => {
      assertClose(out.chosenGrads[i], slope, 1e-14, `gradient ${i}`);
      assertClose(out.rejectedGrads[i], -slope, 1e-14, `gradient ${i}`);
    });
  }
});

// Written by tools/parity/loss_reference.py.
for (const { loss: name, options, source, rows } of trl.cases) {
  Deno.test(`${name} ${JSON.stringify(options)} agrees with TRL ${trl.trl}: ${source}`, () => {
    const out = pairLoss(lossConfigFromOptions(name, options as LossOptions), batchOf(trl.pairs));
    // TRL sums float64 log-probabilities of single tokens (relative error 1e-13 here); ORPO's
    // odds ratio is computed in float32.
    const relative = source.includes("float32") ? 3e-7 : 1e-12;
    assert.equal(rows.length, trl.pairs.length);
    rows.forEach((expected, i) => {
      const actual = [out.losses[i], out.chosenGrads[i], out.rejectedGrads[i]];
      expected.forEach((value, j) =>
        assertClose(
          actual[j],
          value,
          relative * Math.max(1, Math.abs(value)),
          `pair ${i}, ${trl.columns[j]}`,
        )
      );
    });
  });
}

Deno.test("TRL's values cover every loss that TRL has", () => {
  const covered = new Set(trl.cases.map(({ loss }) => loss));
  // TRL has no length-regularised DPO, ROPO, Dr. DPO and wDPO. KTO: twice its mean over responses.
  const missing = ["r-dpo", "ropo", "dr-dpo", "wdpo"];
  assert.deepEqual(lossNames.filter((name) => !covered.has(name)), missing);
});
