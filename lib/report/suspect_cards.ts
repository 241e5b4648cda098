import { createHash } from "node:crypto";
import { textOf } from "./example_text.ts";
import { type Html, html, trustedHtml } from "./html.ts";
import type { Suspect } from "./suspects.ts";

/** Cards that stand open; the others unfold. */
export const OPEN_CARDS = 20;

/** Most cards of a page; `suspects.jsonl` has every pair. */
export const MOST_CARDS = 100;

/** Searches and sorts the cards; without it they stand in the order of their margins. */
const SCRIPT = `
const list = document.getElementById("suspects");
const cards = [...list.children];
const search = document.getElementById("suspect-search");
const sort = document.getElementById("suspect-sort");
const count = document.getElementById("suspect-count");
const show = () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const [key, sign] = sort.value.split(" ");
  cards.sort((a, b) => sign * (a.dataset[key] - b.dataset[key]));
  let shown = 0;
  for (const card of cards) {
    const text = card.textContent.toLowerCase();
    const found = words.every((word) => text.includes(word));
    card.hidden = !found || (words.length === 0 && shown >= ${OPEN_CARDS});
    if (!card.hidden) shown++;
    list.append(card);
  }
  count.textContent = shown + " of " + cards.length + " shown";
};
search.addEventListener("input", show);
sort.addEventListener("change", show);
document.getElementById("suspect-tools").hidden = false;
show();
`;

/** The only script that a report may run, for its content security policy. */
export const SCRIPT_HASH: string = `sha256-${createHash("sha256").update(SCRIPT).digest("base64")}`;

/** Pairs with the lowest margins as cards that can be searched and sorted. */
export function suspectCards(suspects: readonly Suspect[], trust: string, file: string): Html {
  const shown = suspects.slice(0, MOST_CARDS);
  const negative = suspects.filter(({ margin }) => margin < 0).length;
  const iterations = Object.keys(suspects[0]?.margins ?? {});
  const all = shown.length === suspects.length;
  return html`<p>${negative} of ${suspects.length} given labels have a negative margin: the policy
prefers the rejected response. ${
    all
      ? "The lowest come first"
      : `These are the ${shown.length} lowest, and search and sorting look at no others`
  }; all pairs, with texts and source columns, are in <code>${file}</code>.</p>
<p>${
    trust.split(/(--[\w-]+(?: [\d.]+)?)/).map((part) =>
      part.startsWith("--") ? html`<code>${part}</code>` : part
    )
  }</p>
<p id="suspect-tools" class="tools" hidden>
<label>Search <input id="suspect-search" type="search"></label>
<label>Sort by <select id="suspect-sort">
<option value="rank 1">lowest margin</option>
${
    // Of the lowest alone, the highest would be doubtful labels shown as the best.
    all ? html`<option value="rank -1">highest margin</option>` : ""}${
    iterations.slice(0, -1).map((t) =>
      html`<option value="margin${t} 1">lowest margin in iteration ${t}</option>`
    )
  }<option value="longer -1">chosen longer than rejected</option>
</select></label> <span id="suspect-count" class="soft" role="status"></span></p>
<div id="suspects">${shown.map(card)}</div>
<script>${trustedHtml(SCRIPT)}</script>`;
}

function card({ rank, id, margins, kept, flipped, source, ...pair }: Suspect): Html {
  const [prompt, chosen, rejected] = [pair.prompt, pair.chosen, pair.rejected].map(textOf);
  const values = Object.entries(margins);
  const data = values.map(([t, margin]) =>
    html`
      data-margin${t}="${margin}"
    `
  );
  const said = [
    `pair ${id}`,
    `margin ${values.map(([, margin]) => margin.toFixed(3)).join(" \u2192 ")}`,
    kept ? "kept" : "left out",
    ...(flipped === undefined ? [] : [flipped ? "label was flipped" : "label not flipped"]),
    ...Object.entries(source).map(([name, value]) =>
      `${name}: ${cut(typeof value === "string" ? value : JSON.stringify(value), 80)}`
    ),
  ];
  const longer = (chosen?.length ?? 0) - (rejected?.length ?? 0);
  return html`
    <article data-rank="${rank}" data-longer="${longer}" ${data}>
      <p class="soft">${rank}. ${said.join("; ")}</p>
      <div class="model" dir="auto">${cut(prompt ?? "")}</div>
      <div class="sides">
        <div>
          <h3>Labelled chosen</h3>
          <div class="model" dir="auto">${cut(chosen ?? "")}</div>
        </div>
        <div>
          <h3>Labelled rejected</h3>
          <div class="model" dir="auto">${cut(rejected ?? "")}</div>
        </div>
      </div>
    </article>
  `;
}

/** Longest text shown of one message, in UTF-16 code units. */
const LONGEST = 1500;

/** A text cut to a length, with how much is left out. */
export function cut(text: string, longest = LONGEST): string {
  return text.length <= longest
    ? text
    : `${text.slice(0, longest).toWellFormed()}… (${text.length - longest} more characters)`;
}
