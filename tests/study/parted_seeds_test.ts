import assert from "node:assert/strict";
import { allStudies } from "../../experiments/studies.ts";
import { runsText } from "../../lib/notebook/runs_text.ts";
import { PUBLISHED } from "../../lib/study/open_study.ts";
import { partedSeeds, partedText } from "../../lib/study/parted_seeds.ts";
import { planStudy } from "../../lib/study/plan.ts";
import type { StudyRecord } from "../../lib/study/record.ts";
import { openRecords } from "../../lib/study/record_store.ts";
import { recordOf, study } from "./sample_study.ts";

const plan = planStudy(study, "full");
/** Records of the plan; SeRA's of seed 1 at 20 % begin from other samples. */
const records: ReadonlyMap<string, StudyRecord> = new Map(plan.map((run) => {
  const other = run.condition === "noise-20" && run.seed === 1 && run.arm === "sera";
  const record = recordOf(run, [{ gold: 1 }]);
  const sft = { ...record.sft, gold: other ? 0.25 : 0.5, length: 8, heldOutLoss: run.seed };
  return [run.hash, { ...record, sft }] as const;
}));

Deno.test("seeds whose arms met other data are named, with the arms that belong together", () => {
  assert.deepEqual(partedSeeds(plan, records), [
    { conditionLabel: "20 % flipped", seed: 1, arms: [["DPO", "rDPO"], ["SeRA"]] },
  ]);
  const text = partedText(partedSeeds(plan, records));
  assert.match(text, /: 20 % flipped, seed 1 \(DPO, rDPO \| SeRA\)\. .* run all arms of a seed on/);
  const missing: typeof plan = [];
  assert.match(
    runsText({ study, plan, records, missing }),
    /record\.\n\n\*\*Beware\*\*: some arms/,
  );
});

Deno.test("other labels tell, too, where the model's own samples happen to be the same", () => {
  const relabelled = new Map(records);
  const [run] = plan;
  assert.ok(run !== undefined);
  relabelled.set(run.hash, recordOf(run, [{ gold: 1, wrongAll: 0.3 }]));
  assert.equal(partedSeeds(plan, relabelled).length, 2);
});

Deno.test("what has no record yet parts nothing", () => {
  const some = new Map([...records].slice(0, 2));
  assert.deepEqual(partedSeeds(plan, some), []);
  assert.equal(partedText([]), "");
});

Deno.test("all arms of a published seed met the same data", () => {
  const published = openRecords(PUBLISHED).records;
  for (const each of allStudies) {
    const parted = partedSeeds(planStudy(each, "full"), published);
    assert.equal(partedText(parted), "", each.id);
  }
});
