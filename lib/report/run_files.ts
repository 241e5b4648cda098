/** A name in a run's folder, and what it holds. */
type RunFile = readonly [name: string, text: string];

const before: readonly RunFile[] = [
  ["report.html", "everything about the run on one page"],
  ["suspects.jsonl", "the given pairs, texts and source columns, the most doubtful label first"],
  ["metrics.csv", "a row per iteration (0 is the SFT model), a column per metric"],
  ["tensorboard/", "the same and every optimiser step, for tensorboard --logdir"],
];

const after: readonly RunFile[] = [
  ["generated.jsonl", "the pairs that the policy wrote, with their rewards"],
  ["selection/", "each iteration's margins and what it kept, a line per given pair"],
  ["record.json", "config, metrics, warnings, versions, machine, times"],
  ["config.yaml", "the options: align --config repeats the run"],
  [
    "config.json, state.json, processes.jsonl",
    "what the run is, whether it is finished, when it was started",
  ],
];

const GOES_ON =
  "what a killed or longer run goes on from; may be deleted once the run is long enough";

const ownFiles: readonly RunFile[] = [
  ...before,
  ["adapter/, model/", "the result: a PEFT adapter, or with --full a model folder"],
  ...after,
  ["steps/, values/, policies/, checkpoints/", GOES_ON],
];

const trainerFiles: readonly RunFile[] = [
  ...before,
  ["checkpoints/", "what the trainer saved in each iteration: the last one is the result"],
  ...after,
  ["steps/, values/, policies/", GOES_ON],
];

/** What a run's folder holds, with a model of this process or with one that `--trainer` trained. */
export function runFiles(trained: "here" | "by a trainer"): readonly RunFile[] {
  return trained === "here" ? ownFiles : trainerFiles;
}
