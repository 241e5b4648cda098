import { LanguageModel } from "../../lib/policy/language_model.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { PhaseClock } from "../../lib/sera/phase_clock.ts";
import { type GroupScorer, Scorer } from "../../lib/sera/scorer.ts";
import { MemoryStore } from "../../lib/sera/store.ts";
import { openRunDirectory } from "../../lib/storage/run_directory.ts";
import { RunStore } from "../../lib/storage/run_store.ts";
import { CONFIG, randomWeights } from "../policy/random_model.ts";
import { inTemporaryFolder } from "../storage/crash.ts";
import { assertUserError } from "../support/errors.ts";
import { PAIRS } from "./sera_run.ts";

/** More pairs than are scored at a time. */
const MANY = Array.from({ length: 300 }, (_, i) => ({ ...PAIRS[i % PAIRS.length]!, id: `p${i}` }));

Deno.test("a log-probability that is not finite is told by policy, pair and side, with a folder and without", () =>
  inTemporaryFolder(async (folder) => {
    using directory = openRunDirectory(folder, { test: 1 });
    const model = new LanguageModel(CONFIG, await randomWeights(CONFIG));
    try {
      for (const store of [new RunStore(directory), new MemoryStore()]) {
        for (const bad of [NaN, -Infinity]) {
          let scored = 0;
          const broken: GroupScorer = (groups) =>
            Promise.resolve(groups.map(() => Float64Array.of(-1, scored++ === 270 ? bad : -2)));
          const scorer = new Scorer({
            ...{ clock: new PhaseClock(store), progress: silentProgress, maxRows: 64 },
            known: new Map([[model, broken]]),
          });
          await assertUserError(
            () => scorer.pairs(`policy-${bad}-offline`, model, MANY),
            `scoring policy-${bad}-offline: the log-probability of the rejected answer of pair p270 ` +
              `is ${bad}; check the model's weights`,
          );
          scored = 0;
          const groups = MANY.map(({ promptIds, chosenIds, rejectedIds }) => ({
            ...{ promptIds, completions: [chosenIds, rejectedIds] },
          }));
          await assertUserError(
            () => scorer.groups(`responses-${bad}`, model, groups),
            `scoring responses-${bad}: the log-probability of completion 1 of prompt 270 is ${bad}`,
          );
        }
      }
    } finally {
      model.dispose();
    }
  }));
