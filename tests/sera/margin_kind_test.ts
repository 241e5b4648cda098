/** `config.margin`: which reward ranks given and generated pairs; the loss stays what it is. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { MarginKind } from "../../lib/margins/implicit_reward.ts";
import { DiskStore, PAIRS, rowsOf, runPlain } from "./sera_run.ts";

await loadEngine();

const SIMPO = { loss: { name: "simpo" }, iterations: 2, ensemble: { gamma: 0 } } as const;

async function outcomeOf(margin: MarginKind) {
  const store = new DiskStore();
  const outcome = await runPlain({ ...SIMPO, margin }, {}, store);
  const kept = (name: string): number[][] =>
    JSON.parse(store.disk.values.get(`logps/${name}-0`) as string).value;
  return { outcome, second: outcome.iterations[1]!, kept };
}

Deno.test("a loss without a reference ranks by log pi / pi_SFT where the config says so", async () => {
  const own = await outcomeOf("own");
  for (const margin of ["log-ratio", "per-token"] as const) {
    const { outcome, second, kept } = await outcomeOf(margin);
    assert.deepEqual(rowsOf(outcome, 1), rowsOf(own.outcome, 1), "the loss does not change");
    const per = (ids: Int32Array) => margin === "per-token" ? ids.length : 1;
    const [policy, sft] = [kept("policy-1-offline"), kept("sft-offline")];
    const rho = (i: number, side: 0 | 1) => policy[i]![side]! - sft[i]![side]!;
    const expected = PAIRS.map(({ chosenIds, rejectedIds }, i) =>
      rho(i, 0) / per(chosenIds) - rho(i, 1) / per(rejectedIds)
    );
    assert.deepEqual(second.margins, expected);
    assert.notDeepEqual(second.selected, own.second.selected, "another order, another selection");

    // Generated pairs are judged by the same reward.
    const [responses, before] = [kept("policy-1-responses-2"), kept("sft-responses-2")];
    const rewards = new Set(
      responses.flatMap((list, p) => list.map((logp, r) => logp - before[p]![r]!)),
    );
    assert.ok(second.generated.length > 0);
    for (const { chosenIds, chosenReward, rejectedIds, rejectedReward } of second.generated) {
      const near = (reward: number) =>
        [...rewards].some((other) => Math.abs(other - reward) < 1e-12);
      assert.ok(near(chosenReward * per(chosenIds)) && near(rejectedReward * per(rejectedIds)));
      assert.ok(chosenReward > rejectedReward);
    }
  }
});
