/** A study's page in a notebook: each method shows one part of it, in one cell. */
import { resolve } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import { UserError } from "../../lib/errors.ts";
import type { Claim } from "../../lib/evaluation/claim.ts";
import { intervalText } from "../../lib/figures/mod.ts";
import {
  figureDisplay,
  followProcess,
  installErrorListeners,
  type LiveView,
  liveView,
  progressBar,
  readParameters,
  showFigure,
  showMarkdown,
  showTable,
  showVerdict,
} from "../../lib/notebook/mod.ts";
import { metricText } from "../../lib/results/study_metrics.ts";
import { onSharedSeeds, type StudyRow, studyRows } from "../../lib/results/study_rows.ts";
import { openStudyStore, type StudyStore } from "../../lib/results/study_store.ts";
import { verdicts } from "../../lib/results/study_tables.ts";
import { baseSpec, type PresetName, presetNames } from "../studies/settings.ts";
import { studies } from "../studies/studies.ts";
import { claimsOf, type PlannedRun, planStudy, type StudyName } from "../studies/study.ts";
import { LOCAL_RECORDS, localRunArguments } from "./local_runs.ts";
import { drawFigure, type StudyPage } from "./page.ts";
import { pages } from "./pages.ts";
import { estimateOf, groupRows, lastRows } from "./study_values.ts";

/** What the parameters cell sets. */
export type PageParameters = {
  /** `smoke`, `quick` or `full`. */
  readonly preset: string;
  /** Seeds; 0 for the preset's own number. */
  readonly seeds: number;
  /** Folder of the records, from the notebook's folder. */
  readonly records: string;
};

/** Redrawing the main figure while runs finish costs as much as a second of a run. */
const REDRAW_MS = 4000;

/** Opens the page of a study with the parameters of the cell, or of the environment over them. */
export function openPage(study: StudyName, cell: PageParameters): NotebookPage {
  installErrorListeners();
  return new NotebookPage(pages[study], readParameters(cell));
}

/** A page over the records of one study. */
export class NotebookPage {
  readonly #page: StudyPage;
  readonly #plan: readonly PlannedRun[];
  readonly #folder: string;
  readonly #parameters: PageParameters & { readonly preset: PresetName };
  #store: StudyStore;
  #rows: readonly StudyRow[];

  constructor(page: StudyPage, parameters: PageParameters) {
    const { preset, seeds, records } = parameters;
    if (!presetNames.includes(preset as PresetName)) {
      throw new UserError(`preset is "${preset}"; the presets are ${presetNames.join(", ")}`);
    }
    this.#page = page;
    this.#parameters = { ...parameters, preset: preset as PresetName };
    this.#plan = planStudy(page.study, preset as PresetName, seeds > 0 ? { seeds } : {});
    this.#folder = resolve(records);
    this.#store = openRecords(this.#folder);
    this.#rows = studyRows(this.#plan, this.#store.records);
  }

  /** What the paper claims. */
  async showClaim(): Promise<void> {
    await showMarkdown(`**The paper's claim.** ${this.#page.paper}`);
  }

  /** Arms, conditions and the claims that were fixed before the runs. */
  async showSetting(): Promise<void> {
    const { study } = this.#page;
    const used = (id: "arm" | "condition") => new Set(this.#plan.map((run) => run[id]));
    const [arms, conditions] = [used("arm"), used("condition")];
    const labels = (all: readonly { id: string; label: string }[], kept: Set<string>) =>
      all.filter(({ id }) => kept.has(id)).map(({ label }) => label).join("; ");
    const { method } = baseSpec(this.#parameters.preset, 0);
    await showMarkdown(
      `**Arms** (${arms.size}): ${labels(study.arms, arms)}.\n\n` +
        `**Conditions** (${conditions.size}): ${labels(study.conditions, conditions)}.\n\n` +
        `**Runs**: ${this.#plan.length} (arms x conditions x seeds, paired by seed); preset ` +
        `\`${this.#parameters.preset}\`. Unless an arm or a condition says otherwise: ` +
        `${method.iterations} iterations of ${method.stepsPerIteration} steps on ` +
        `${method.batchPairs} pairs, NLL anchor ${method.nllAlpha}, ` +
        `learning rate ${method.learningRate}.`,
    );
    await showTable(
      this.#claims().map((claim) => ({
        claim: claim.text,
        metric: claim.metric,
        "claimed sign": claim.direction,
        "smallest effect that matters": claim.smallestEffect,
      })),
      { caption: "Claims, fixed before the runs" },
    );
  }

  /**
   * Loads the records. Where they are this machine's own, the missing runs are done first; where
   * they are the published ones, the study's smallest preset is run beside them, to be watched.
   * Either way with a progress bar, and the main figure redrawn as runs finish.
   */
  async run(): Promise<void> {
    const { study } = this.#page;
    const { preset, seeds } = this.#parameters;
    if (this.#folder === LOCAL_RECORDS) {
      await this.#runLive(preset, seeds, this.#plan);
      this.#store = openRecords(this.#folder);
      this.#rows = studyRows(this.#plan, this.#store.records);
    }
    const found = this.#plan.filter((run) => this.#store.records.has(run.hash)).length;
    await showMarkdown(`${found} of ${this.#plan.length} runs of this page have their record.`);
    if (this.#folder === LOCAL_RECORDS) return;
    await showMarkdown(
      "Below, the same study at its smallest preset runs now: its numbers mean nothing, it only " +
        "shows the machinery at work.",
    );
    try {
      await this.#runLive("smoke", 0, planStudy(study, "smoke"));
    } catch (error) {
      // The page's own records do not depend on it: another process may be using the folder.
      if (!(error instanceof UserError)) throw error;
      await showMarkdown(`The small runs could not be shown now: ${error.message}`);
    }
  }

  #claims(): Claim[] {
    return claimsOf(this.#page.study, this.#plan);
  }

  async #runLive(
    preset: PresetName,
    seeds: number,
    plan: readonly PlannedRun[],
  ): Promise<void> {
    const { study, figures: [main] } = this.#page;
    let figure: LiveView | undefined;
    let drawn = performance.now();
    const redraw = async () => {
      drawn = performance.now();
      const spec = drawFigure(main, studyRows(plan, openRecords(LOCAL_RECORDS).records));
      if (spec === undefined) return;
      const shown = await figureDisplay(spec, { id: `live_${main.id}` });
      if (figure === undefined) figure = await liveView(shown);
      else figure.update(shown);
      await figure.flush();
    };
    const title = `${study.id}, ${preset}`;
    const { records } = openRecords(LOCAL_RECORDS);
    if (plan.every((run) => records.has(run.hash))) {
      // No process: `reproduce` holds the records' lock while it executes this notebook.
      const bar = await progressBar(title);
      bar.update({ done: plan.length, total: plan.length });
      await bar.close();
      return await redraw();
    }
    await followProcess({
      title,
      args: localRunArguments(study.id, preset, seeds),
      cwd: projectRoot,
      env: { SERA_PROGRESS: "json" },
      onProgress: async () => {
        if (performance.now() - drawn > REDRAW_MS) await redraw();
      },
    });
    await redraw();
  }

  /** The figure of that id with how to read it. */
  async showFigure(id: string): Promise<void> {
    const { figures, study } = this.#page;
    const chosen = figures.find((figure) => figure.id === id);
    if (chosen === undefined) {
      const known = figures.map((figure) => figure.id).join(", ");
      throw new UserError(`the page "${study.id}" has no figure "${id}"; it has ${known}`);
    }
    const spec = drawFigure(chosen, this.#rows);
    if (spec === undefined) {
      await showMarkdown(`*No record has what this figure shows yet (${id}).*`);
      return;
    }
    await showMarkdown(chosen.reading);
    await showFigure(spec, { id: `${study.id}_${id}`, main: chosen === figures[0] });
  }

  /** Means with the half-widths of their intervals after the last iteration. */
  async showResults(): Promise<void> {
    const { metrics } = this.#page;
    const table = groupRows(lastRows(onSharedSeeds(this.#rows)), (row) => [row.condition, row.arm])
      .map((group) => ({
        condition: group[0]?.conditionLabel,
        arm: group[0]?.armLabel,
        seeds: group.length,
        ...Object.fromEntries(metrics.map((metric) => {
          const estimate = estimateOf(group, metric);
          if (estimate === undefined) return [metric, ""];
          const half = (estimate.high - estimate.low) / 2;
          const plus = Number.isFinite(half) ? `\u00a0\u00b1\u00a0${half.toFixed(2)}` : "";
          return [metric, estimate.mean.toFixed(2) + plus];
        })),
      }));
    await showTable(table, {
      caption:
        "After the last iteration: mean \u00b1 half of the 95 % interval, over the seeds that " +
        "all arms of a condition share",
    });
    await showTable(
      metrics.map((metric) => ({ metric, ...metricText(metric) }))
        .map(({ metric, unit, text }) => ({ metric, unit, meaning: text.replaceAll("`", "") })),
      { caption: "What the columns are" },
    );
  }

  /** Each claim that these runs can speak to: holds, does not hold, or undecided, with its numbers. */
  async showVerdicts(): Promise<void> {
    const claims = this.#claims();
    if (claims.length === 0) {
      await showMarkdown("No claim concerns the cells that this preset runs.");
      return;
    }
    await showVerdict(
      verdicts(claims, this.#rows).map(({ claim, verdict, difference, adjustedP }) => ({
        claim: claim.text,
        outcome: verdict,
        numbers: difference === undefined
          ? "fewer than two paired seeds"
          : `${claim.metric} ${
            intervalText({ ...difference, difference: difference.mean })
          }, ${difference.n} seeds, Holm p ${probability(adjustedP)}`,
      })),
    );
  }

  /** Failures that runs showed, counted over seeds. */
  async showFailures(): Promise<void> {
    const counts = groupRows(lastRows(this.#rows), (row) => [row.condition, row.arm])
      .flatMap((group) => {
        const names = new Set(group.flatMap((row) => row.warnings));
        return [...names].map((name) => ({
          condition: group[0]?.conditionLabel,
          arm: group[0]?.armLabel,
          failure: name,
          "seeds that show it": group.filter((row) => row.warnings.includes(name)).length,
          seeds: group.length,
        }));
      });
    if (this.#rows.length === 0) await showMarkdown("No run has been recorded yet.");
    else if (counts.length === 0) await showMarkdown("No run showed a failure signature.");
    else await showTable(counts, { caption: "Failure signatures, counted over seeds" });
  }

  /** What would change the verdicts. */
  async showWouldChange(): Promise<void> {
    await showMarkdown(this.#page.wouldChange.map((line) => `- ${line}`).join("\n"));
  }

  /** Time that the records took. */
  async showCost(): Promise<void> {
    const hashes = new Set(this.#plan.map((run) => run.hash));
    const seconds = [...hashes].flatMap((hash) =>
      this.#store.records.get(hash)?.volatile.seconds ?? []
    );
    const total = seconds.reduce((sum, value) => sum + value, 0);
    await showMarkdown(
      seconds.length === 0
        ? "No run has been recorded yet."
        : `${seconds.length} different runs took ${
          (total / 60).toFixed(1)
        } minutes of one process, ` +
          `${(total / seconds.length).toFixed(1)} s each. Reproduce them with ` +
          `\`npx -y deno@2.9.6 task reproduce ${this.#page.study.id} --preset ` +
          `${this.#parameters.preset}\`.`,
    );
  }
}

function probability(p: number): string {
  return p < 0.0001 ? "< 0.0001" : String(Number(p.toPrecision(2)));
}

function openRecords(folder: string): StudyStore {
  return openStudyStore(folder, studies.map((study) => study.id), { writable: false });
}
