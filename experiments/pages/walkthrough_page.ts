/** The newcomer's page: one SeRA iteration, a step a cell. */
import { existsSync } from "node:fs";
import { projectRoot } from "../../lib/engine/layout.ts";
import { marginsFigure } from "../../lib/figures/mod.ts";
import {
  followProcess,
  installErrorListeners,
  showFigure,
  showMarkdown,
  showTable,
} from "../../lib/notebook/mod.ts";
import { type FollowedPair, type Walkthrough, walkthroughSpec } from "./walkthrough.ts";
import { walkthroughPath } from "./walkthrough_file.ts";

/** Runs the iteration in a child process, or reads what an earlier run kept. */
export async function openWalkthrough(): Promise<WalkthroughPage> {
  installErrorListeners();
  const path = walkthroughPath(walkthroughSpec());
  if (existsSync(path)) {
    await showMarkdown("This machine has run the iteration before; its numbers are read back.");
  } else {
    await followProcess({
      title: "SFT model, iteration 1, iteration 2",
      args: ["run", "-A", "experiments/pages/walkthrough_run.ts"],
      cwd: projectRoot,
      env: { SERA_PROGRESS: "json" },
    });
  }
  return new WalkthroughPage(JSON.parse(Deno.readTextFileSync(path)));
}

/** Each method shows one step. */
export class WalkthroughPage {
  readonly #walk: Walkthrough;

  constructor(walk: Walkthrough) {
    this.#walk = walk;
  }

  /** The twelve pairs as the algorithm gets them, and what only we know of them. */
  async showPairs(): Promise<void> {
    await showTable(
      this.#byPrompt().map(({ prompt, chosen, rejected, flipped }) => ({
        prompt,
        chosen: chosen.text,
        rejected: rejected.text,
        "gold of chosen": chosen.gold,
        "gold of rejected": rejected.gold,
        "label flipped": flipped ? "yes" : "",
      })),
      { caption: `Twelve of the ${this.#walk.pairs} offline pairs` },
    );
  }

  /** How each margin is made of four log-probabilities. */
  async showMargins(): Promise<void> {
    await showTable(
      this.#byPrompt().map((pair) => ({
        chosen: pair.chosen.text,
        rejected: pair.rejected.text,
        "policy chosen": pair.chosenLogp,
        "SFT chosen": pair.chosenReferenceLogp,
        "policy rejected": pair.rejectedLogp,
        "SFT rejected": pair.rejectedReferenceLogp,
        margin: pair.margin,
      })),
      { caption: `Log-probabilities after iteration 1, and the margin (beta ${this.#walk.beta})` },
    );
  }

  /** Margins of all pairs, right and flipped labels apart, with the cut. */
  async showMarginFigure(): Promise<void> {
    const { margins, flipped, threshold } = this.#walk;
    const rows = margins.map((margin, i) => ({
      margin,
      group: flipped[i] ? "flipped label" : "label as drawn",
    })).sort((a, b) => b.group.localeCompare(a.group));
    await showFigure(
      marginsFigure(rows, {
        title: "Margins of flipped and of other labels",
        subtitle: "all offline pairs after iteration 1; the dashed line is where selection cuts",
        threshold,
      }),
      { id: "one_iteration_margins", main: true },
    );
  }

  /** The twelve pairs in the order of their margins, and who is kept. */
  async showSelection(): Promise<void> {
    const { followed, pairs, kept, flipped, margins, threshold } = this.#walk;
    await showTable(
      followed.map((pair) => ({
        rank: pair.rank,
        margin: pair.margin,
        kept: pair.kept ? "kept" : "dropped",
        "label flipped": pair.flipped ? "yes" : "",
        prompt: pair.prompt,
        chosen: pair.chosen.text,
        rejected: pair.rejected.text,
      })),
      { caption: `Ranks among ${pairs} pairs; the best ${kept} are kept` },
    );
    const wrong = flipped.filter(Boolean).length;
    const wrongKept = flipped.filter((is, i) => is && (margins[i] as number) >= threshold).length;
    await showMarkdown(
      `Flipped labels are ${percent(wrong / pairs)} of all pairs and ${
        percent(wrongKept / kept)
      } ` +
        `of those kept: ${wrong - wrongKept} of ${wrong} were dropped.`,
    );
  }

  /** Some pairs that the policy wrote and labelled itself. */
  async showGenerated(): Promise<void> {
    const { generated, generatedPairs, generatedWrong, responses } = this.#walk;
    await showTable(
      generated.map((pair) => ({
        prompt: pair.prompt,
        "chosen by the policy": pair.chosen.text,
        "rejected by the policy": pair.rejected.text,
        "reward of chosen": pair.chosenReward,
        "reward of rejected": pair.rejectedReward,
        "gold of chosen": pair.chosen.gold,
        "gold of rejected": pair.rejected.gold,
        "truly better": judged(pair.chosen.gold - pair.rejected.gold),
      })),
      {
        caption: `${generated.length} of ${generatedPairs} pairs made from ${responses} responses`,
      },
    );
    await showMarkdown(
      `Of all ${generatedPairs} generated pairs, ${percent(generatedWrong)} have the truly worse ` +
        "response as chosen. The algorithm does not know which.",
    );
  }

  /** What the update on kept and generated pairs did. */
  async showUpdate(): Promise<void> {
    const { gold, kept, generatedPairs } = this.#walk;
    const names = ["SFT model", "after iteration 1 (plain DPO)", "after iteration 2 (SeRA)"];
    await showTable(
      gold.map((value, i) => ({ policy: names[i], "mean gold reward": value })),
      { caption: "Held-out prompts, one seed: an illustration, not evidence" },
    );
    await showMarkdown(
      `Iteration 2 trained on ${kept} kept and ${generatedPairs} generated pairs.`,
    );
  }

  #byPrompt(): FollowedPair[] {
    return [...this.#walk.followed].sort((a, b) => a.prompt < b.prompt ? -1 : 1);
  }
}

function judged(difference: number): string {
  return difference > 0 ? "yes" : difference < 0 ? "no" : "equal";
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
