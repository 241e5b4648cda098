/** What a run's folder holds, for `align --help` and the report. */
export const runFiles: readonly (readonly [string, string])[] = [
  ["report.html", "everything about the run on one page"],
  ["suspects.jsonl", "the given pairs, texts and source columns, the most doubtful label first"],
  ["metrics.csv", "a row per iteration (0 is the SFT model), a column per metric"],
  ["tensorboard/", "the same and every optimiser step, for tensorboard --logdir"],
  ["adapter/, model/", "the result: a PEFT adapter, or with --full a model folder"],
  ["generated.jsonl", "the pairs that the policy wrote, with their rewards"],
  ["selection/", "each iteration's margins and what it kept, a line per given pair"],
  ["record.json", "config, metrics, warnings, versions, machine, times"],
  ["config.yaml", "the options: align --config repeats the run"],
  [
    "config.json, state.json, processes.jsonl",
    "what the run is, whether it is finished, when it was started",
  ],
  [
    "steps/, values/, policies/, checkpoints/",
    "what a killed or longer run goes on from; may be deleted once the run is long enough",
  ],
];
