import assert from "node:assert/strict";
import { commandsElsewhere } from "../../experiments/commands/align/commands_elsewhere.ts";
import { alignCommand } from "../../experiments/commands/align/options.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import { UserError } from "../../lib/errors.ts";
import type { ExternalModels } from "../../lib/external/external_models.ts";
import { runExternal } from "../../lib/external/run_external.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { ruleFields } from "../../lib/selection/rule_fields.ts";
import {
  rankedBy,
  type ScoreName,
  scoreNames,
  type SelectionRule,
  selectionRules,
} from "../../lib/selection/selection_rule.ts";
import { seraConfig } from "../../lib/sera/config.ts";
import { methodNames } from "../../lib/sera/methods.ts";
import { MemoryStore } from "../../lib/sera/store.ts";
import { assertUserError } from "../support/errors.ts";

/** Chosen responses of 9, 6, 3, 8, 5, 2, 7, 4, 1 and 9 tokens. */
const pairs: TokenizedPair[] = Array.from({ length: 10 }, (_, i) => ({
  id: `pair ${i}`,
  promptIds: Int32Array.of(100 + i),
  chosenIds: Int32Array.from({ length: 9 - 3 * i % 10 + (3 * i % 10 === 9 ? 9 : 0) }, () => 1),
  rejectedIds: Int32Array.of(2, 2, 2),
  flipped: i % 3 === 0,
}));

/** Models whose log-probabilities are made up, and which count what they are asked. */
function madeUp(): { models: ExternalModels; asked: () => number } {
  let asked = 0;
  return {
    asked: () => asked,
    models: {
      score: (t, _name, groups) => {
        asked++;
        return Promise.resolve(groups.map(({ promptIds, completions }) =>
          Float64Array.from(
            completions,
            (ids) => -ids.length - (7 * (t + 1) * (promptIds[0] as number) + ids.length) % 11,
          )
        ));
      },
      respond: () => assert.fail("there is no bootstrapping"),
      train: () => (asked++, Promise.resolve([])),
    },
  };
}

async function select(selection: SelectionRule, models: ExternalModels) {
  const by = rankedBy(selection);
  const config = seraConfig({
    ...{ selection, bootstrap: null, steps: 1, learningRate: 1e-6 },
    crossFit: by === "votes" || by === "lossdiff-irm" ? 2 : null,
    rewardModel: by?.startsWith("explicit") ? {} : null,
  });
  const { iterations } = await runExternal({
    ...{ pairs, heldOut: pairs.slice(0, 2), config, seed: 1, models },
    ...{ store: new MemoryStore(), progress: silentProgress },
  });
  return iterations;
}

/** Every rule with every score that it can rank by. */
const rules = selectionRules.flatMap((rule): SelectionRule[] => {
  const fields: readonly string[] = ruleFields[rule];
  const scores: (ScoreName | undefined)[] = [undefined, ...fields.includes("by") ? scoreNames : []];
  return scores.map((by) =>
    ({
      ...{ rule, ...(fields.includes("keep") ? { keep: 0.5 } : {}) },
      ...(fields.includes("tau") ? { tau: 0 } : {}),
      ...(by === undefined ? {} : { by }),
    }) as SelectionRule
  );
});

for (const rule of rules) {
  const by = rankedBy(rule);
  const goes = by === null || by === "implicit" || by === "chosen-length";
  const name = `${rule.rule} by ${by}`;
  Deno.test(`models elsewhere: ${name} ${goes ? "selects" : "is refused by name"}`, async () => {
    const { models, asked } = madeUp();
    if (goes) {
      const iterations = await select(rule, models);
      assert.equal(iterations.length, 3);
      for (const { selected } of iterations) assert.ok(selected.length > 0);
      return;
    }
    await assertUserError(
      () => select(rule, models),
      new RegExp(`^selection by ${by} needs .*, which does not go with --trainer$`),
    );
    assert.equal(asked(), 0);
  });
}

Deno.test("models elsewhere: shortest keeps the shortest chosen responses from iteration 2 on", async () => {
  const [first, ...later] = await select({ rule: "shortest", keep: 0.5 }, madeUp().models);
  assert.equal(first?.selected.length, 10);
  const lengths = pairs.map(({ chosenIds }) => chosenIds.length);
  assert.deepEqual(lengths, [9, 6, 3, 9, 7, 4, 1, 8, 5, 2]);
  for (const { selected } of later) assert.deepEqual(selected, [2, 5, 6, 8, 9]);
});

Deno.test("align --trainer says of every rule, score, judge and method what does not go", async () => {
  const given = (...args: string[]) =>
    commandsElsewhere(
      parseCommand(alignCommand, [
        ...["--model", "m", "--data", "d", "--out", "o", "--trainer", "train"],
        ...["--serve", "serve {checkpoint} {port}", ...args],
      ]).options,
    );
  const goes: string[] = [], refused = new Map<string, string>();
  for (const rule of selectionRules.filter((rule) => rule !== "all")) {
    for (const by of ["implicit", ...scoreNames]) {
      if (by !== "implicit" && !(ruleFields[rule] as readonly string[]).includes("by")) continue;
      try {
        assert.deepEqual(given("--rule", rule, "--by", by), {
          ...{ trainer: "train", serve: "serve {checkpoint} {port}" },
        });
        goes.push(rule);
      } catch (error) {
        assert.ok(error instanceof UserError, `${rule} by ${by}: ${error}`);
        refused.set(`${rule} by ${by}`, error.message);
      }
    }
  }
  assert.deepEqual(goes, [
    ...["top", "bottom", "middle", "small-gap", "shortest", "random", "matched", "relabel"],
    ...["threshold", "oracle"], // it and "matched" where flips are known: open_preferences_test.ts
  ]);
  for (const rule of ["top", "bottom", "middle"]) {
    const needs = (score: string) => refused.get(`${rule} by ${score}`) ?? "";
    const ends = "which does not go with --trainer";
    assert.equal(needs("votes"), `selection by votes needs cross-fitting, ${ends}`);
    assert.equal(needs("explicit"), `selection by explicit needs a reward model, ${ends}`);
  }
  assert.match(refused.get("lossdiff-irm by implicit") ?? "", /^selection by lossdiff-irm needs /);
  for (const method of methodNames) assert.ok(given("--method", method));
  await assertUserError(() => given("--judge", "explicit"), /^the explicit judge needs a reward/);
  await assertUserError(() => given("--loss", "kto"), /^the loss kto, whose .* --trainer$/);
  await assertUserError(
    () => given("--by", "votes", "--cross-fit", "5"),
    /^selection by votes needs cross-fitting, which does not go with --trainer$/,
  );
});
