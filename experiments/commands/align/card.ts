import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import type { RunRecord } from "../../../lib/report/record.ts";
import { type CardMetric, modelCardText } from "../../../lib/report/model_card.ts";
import { rankedBy } from "../../../lib/selection/selection_rule.ts";
import type { SeraConfig } from "../../../lib/sera/config.ts";
import type { MethodName } from "../../../lib/sera/methods.ts";
import { cardVersions } from "../card_versions.ts";
import { type AlignOptions, methodTexts } from "./options.ts";
import type { RunResult } from "./result.ts";

/** The model card of an aligned model. */
export function alignCard(
  { options, opened, sera, result }: {
    readonly options: AlignOptions;
    readonly opened: OpenedPreferences;
    readonly sera: SeraConfig;
    readonly result: RunResult;
  },
  record: RunRecord,
): string {
  const { method, loss, model, data, seed } = options;
  const { lora } = opened;
  const { name: _name, ...lossOptions } = sera.loss;
  const last = record.iterations.at(-1);
  const { data: counts } = record;
  const skipped = Object.values(counts.skippedFor).reduce((sum, count) => sum + count, 0);
  const leftOut = skipped + counts.dropped;
  const metric = (name: string, value: number | null | undefined, on: string): CardMetric[] =>
    typeof value === "number" ? [{ name, value, on }] : [];
  const pairs = `${counts.heldOut} held-out pairs`;
  const prompts = `responses to ${opened.setting.evaluationPrompts} held-out prompts at most`;
  return modelCardText({
    ...{ base: model, data },
    kind: result.kind,
    dataNotes: [
      `${counts.read} pairs read, ${counts.train} trained on, ${counts.heldOut} held out`,
      `${counts.truncated} texts cut, ${leftOut} pairs left out`,
      ...(opened.setting.flipRate > 0
        ? [`${opened.setting.flipRate} of the training labels flipped on purpose, as an audit`]
        : []),
      ...(opened.tokenized.pairs.some(({ flipped }) => flipped === true)
        ? [
          `${
            opened.pairs.filter(({ flipped }) => flipped).length
          } training labels flipped by the data's own account or on purpose`,
        ]
        : []),
    ],
    method: `SeRA (arXiv 2410.09362) with the loss \`${loss}\`, ${sera.iterations} iterations, ` +
      `method \`${method}\`: ${methodText(method, sera)}.`,
    tags: [loss, "preference-optimization"],
    settings: [
      ["loss", `${loss} ${JSON.stringify(lossOptions)}`],
      ["NLL anchor", String(sera.nllAlpha)],
      ["selection", JSON.stringify(sera.selection)],
      ["ensemble", JSON.stringify(sera.ensemble)],
      ["own pairs", sera.bootstrap === null ? "none" : JSON.stringify(sera.bootstrap)],
      ["steps per iteration", options.steps === undefined ? "one epoch" : String(options.steps)],
      ["pairs per step", String(sera.batch)],
      ["schedule", `${sera.schedule}, warm-up ${sera.warmup}`],
      ...(lora === undefined ? [] : [
        ["LoRA", `rank ${lora.rank}, alpha ${lora.alpha}, dropout ${lora.dropout}`] as const,
        ["LoRA targets", lora.targetModules.join(", ")] as const,
      ]),
      ["seed", String(seed)],
    ],
    metrics: [
      ...metric("accuracy of implicit margins", last?.heldOutAccuracy, pairs),
      ...metric("KL to the base, nats per response", last?.kl, prompts),
      ...metric("length of responses, tokens", last?.length, prompts),
    ],
    commands: ["deno task align --config config.yaml"],
    versions: cardVersions(record.provenance),
  });
}

/** What was trained on from iteration 2 on: the method's own text where no option changed that. */
function methodText(method: MethodName, { selection, bootstrap }: SeraConfig): string {
  const { rule } = selection;
  const ranked = rankedBy(selection);
  const judge = bootstrap?.judge ?? "implicit";
  const usual = { sera: "top", select: "top", plain: "all", bootstrap: "all" };
  const ofMethod = Object.hasOwn(usual, method) ? usual[method as keyof typeof usual] : method;
  const asUsual = rule === ofMethod && [null, "implicit"].includes(ranked);
  if (asUsual && judge === "implicit") return methodTexts[method];
  const by = rule === "top" && ranked !== "implicit" ? `, ranked by ${ranked}` : "";
  const own = bootstrap === null
    ? ""
    : `, and pairs the policy writes and ${
      judge === "implicit" ? "ranks" : "a reward model ranks"
    }`;
  return `given pairs by the rule ${rule}${by}${own}`;
}
