import { idleFor } from "../../lib/cli/idle_options.ts";
import {
  choiceOption,
  integerOption,
  numberOption,
  type OptionValues,
  switchOption,
  textOption,
  urlOption,
} from "../../lib/cli/option.ts";

/** Judges that can be asked. */
export const JUDGES = ["openai", "anthropic", "reward", "gold"] as const;
/** One of them. */
export type JudgeName = typeof JUDGES[number];

const judgeSpec = {
  description:
    "who compares answers: a model behind OpenAI's or Anthropic's interface; here, without a " +
    "server: a reward model, or the gold reward of controlled sentiment",
  choices: JUDGES,
} as const;

/** The judge, where there must be one. */
export const requiredJudgeOption = choiceOption({
  ...{ ...judgeSpec, flags: "--judge <kind>" },
  required: true,
});
/** The judge, where there may be one; `--judge` is there who ranks the policy's own pairs. */
export const answerJudgeOption = choiceOption({
  ...{ ...judgeSpec, flags: "--answer-judge <kind>" },
  defaultText: "none",
});

/** Options of commands that have answers judged. */
export const judgeOptions = {
  judgeModel: textOption({
    flags: "--judge-model <name>",
    description:
      "the judge's name at its server; with --judge reward a folder with a score head, " +
      "with --judge gold the SFT model (folder, .gguf file or hub id) that says what is fluent",
  }),
  judgeUrl: urlOption({
    flags: "--judge-url <url>",
    description: "address of the judge's interface, as http://localhost:8000/v1",
    defaultText: "the provider's own",
  }),
  judgeTemperature: numberOption({
    flags: "--judge-temperature <number>",
    description: "sampling temperature of the judge",
    min: 0,
    default: 0,
  }),
  judgeOwnTemperature: switchOption({
    flags: "--judge-own-temperature",
    description: "send no temperature: for judges that refuse one",
  }),
  judgeMaxTokens: integerOption({
    flags: "--judge-max-tokens <n>",
    description: "longest reply of the judge; more for those that think first",
    min: 16,
    default: 64,
  }),
  judgeConcurrency: integerOption({
    flags: "--judge-concurrency <n>",
    description: "questions to the judge under way at once",
    min: 1,
    default: 4,
  }),
  judgeTimeout: numberOption({
    flags: "--judge-timeout <s>",
    description: "time after which a question counts as stalled",
    above: 0,
    default: 120,
  }),
  judgeSeed: integerOption({
    flags: "--judge-seed <n>",
    description: "seed of the questions' keys, sent to judges that take one; of gold's samples",
    min: 0,
    default: 0,
  }),
  priceInput: numberOption({
    flags: "--price-input <dollars>",
    description: "what a million tokens sent to the judge cost",
    min: 0,
    defaultText: "unknown",
  }),
  priceOutput: numberOption({
    flags: "--price-output <dollars>",
    description: "what a million tokens of its replies cost",
    min: 0,
    defaultText: "unknown",
  }),
  maxCost: numberOption({
    flags: "--max-cost <dollars>",
    description: "stop before the judge's calls, earlier ones in --out too, cost more",
    above: 0,
    defaultText: "no limit",
  }),
};

type JudgeKey = keyof typeof judgeOptions;

/** The options of a judge. */
export const JUDGE_KEYS = Object.keys(judgeOptions) as readonly JudgeKey[];

/** What judges that run here have no use for. */
const OF_SERVER: readonly JudgeKey[] = [
  ...["judgeUrl", "judgeTemperature", "judgeOwnTemperature", "judgeMaxTokens"] as const,
  ...["judgeConcurrency", "judgeTimeout", "priceInput", "priceOutput", "maxCost"] as const,
];

/**
 * Options of a judge without effect beside the others.
 *
 * @param byJudge the option that names the judge, with its value
 */
export function idleJudgeOptions(
  { judge, judgeOwnTemperature }: Pick<OptionValues<typeof judgeOptions>, "judgeOwnTemperature"> & {
    readonly judge: JudgeName;
  },
  byJudge: string,
): Map<JudgeKey, string> {
  const here = judge === "reward" || judge === "gold";
  return new Map(
    [
      ...(judgeOwnTemperature ? idleFor(["judgeTemperature"], "--judge-own-temperature") : []),
      ...(here ? idleFor(OF_SERVER, `${byJudge}, which runs here`) : []),
      ...(judge === "reward" ? idleFor(["judgeSeed"], byJudge) : []),
    ] as readonly (readonly [JudgeKey, string])[],
  );
}
