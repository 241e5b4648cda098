/** What the pages can do beside being read: hover charts, sorted tables, folded code. */
"use strict";

/** Rough widths of a character of a plot's title and of its other text, px. */
const TITLE_ADVANCE = 8.8;
const TEXT_ADVANCE = 6.7;
/** Longest line of a panel's title beside the labels of a narrow plot, characters. */
const PANEL_TITLE = 28;
/** What a plot leaves free around its text, px. */
const PADDING = 20;

/** Draws a plot with Vega in place of its picture, in as many columns as there is room for. */
async function drawPlot(figure) {
  if (!figure.dataset.spec) return;
  const picture = figure.querySelector("img");
  const spec = JSON.parse(figure.dataset.spec);
  delete spec.$schema; // version 5, which this Vega-Lite reads too: it would only warn
  const room = figure.clientWidth;
  const place = document.createElement("div");
  let width = picture.naturalWidth || picture.width;
  figure.classList.toggle("map", isMap(spec.spec ?? spec));
  picture.hidden = true;
  figure.append(place);
  try {
    for (let trial = 0; trial < 5; trial++) {
      if (width > room) fit(spec, width, room);
      const { view } = await vegaEmbed(place, structuredClone(spec), {
        mode: "vega-lite",
        renderer: "svg",
        actions: false,
        ast: true,
        defaultStyle: false,
        tooltip: { disableDefaultStyle: true, theme: "site" },
      });
      width = place.querySelector("svg").getBoundingClientRect().width;
      if (width <= room) break;
      if (trial < 4) view.finalize();
    }
    picture.remove();
  } catch (error) {
    place.remove();
    picture.hidden = false;
    console.warn(error);
  }
}

/**
 * Narrows a specification that is wider than its room, one step a call: breaks lines of text, panel
 * titles and legend and takes columns, then puts the numbers beside its lines above them, then takes width.
 */
function fit(spec, width, room) {
  const share = room / width;
  const unit = spec.spec ?? spec;
  const beside = unit.layer.filter(({ encoding }) => encoding?.x?.value === "width");
  if (!spec.wrapped) {
    spec.wrapped = true;
    spec.title.text = wrap(spec.title.text, (room - PADDING) / TITLE_ADVANCE);
    spec.title.subtitle = wrap(spec.title.subtitle, (room - PADDING) / TEXT_ADVANCE);
    if (spec.columns > 1) spec.columns = Math.max(1, Math.floor(spec.columns * share));
    if (spec.facet?.header !== undefined) {
      const broken = `replace(datum.label, /^(.{1,${PANEL_TITLE}}) /, "$1\\n")`;
      spec.facet.header.labelExpr =
        `length(datum.label) > ${PANEL_TITLE} ? split(${broken}, "\\n") : datum.label`;
    }
    for (const { encoding = {} } of unit.layer) {
      for (const { legend } of Object.values(encoding)) {
        if (legend?.columns > 1) legend.columns = Math.max(1, Math.floor(legend.columns * share));
      }
    }
  } else if (beside.length > 0) {
    // What stands second beside a line goes below it.
    beside.forEach(({ encoding, mark }, i) => {
      encoding.x.value = 4;
      Object.assign(mark, { dx: 0, dy: i === 0 ? -13 : 12 });
    });
    unit.height *= spec.data.values.some(({ kind }) => kind === "collapsed") ? 1.8 : 1.4;
  } else if (!isMap(unit)) unit.width = Math.max(70, Math.floor(unit.width - (width - room) - 4));
}

/** Whether numbers stand in cells: narrower ones could not be read, so the figure scrolls. */
function isMap({ layer }) {
  return ["rect", "text"].every((type) => layer.some(({ mark }) => mark.type === type));
}

function wrap(lines, width) {
  const wrapped = [];
  for (const word of [lines].flat().join(" ").split(" ")) {
    const last = wrapped.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      wrapped[wrapped.length - 1] = `${last} ${word}`;
    } else wrapped.push(word);
  }
  return wrapped;
}

/** Lets a table be sorted by any of its columns: numbers by size, all else by text. */
function makeSortable(table) {
  const heads = [...table.querySelectorAll("thead th")];
  const body = table.tBodies[0];
  if (body === undefined || body.rows.length < 2) return;
  heads.forEach((head, column) => {
    head.setAttribute("role", "button");
    head.tabIndex = 0;
    const sort = () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const lines = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column]) }));
      lines.sort((a, b) => (down ? -1 : 1) * compare(a.key, b.key));
      body.append(...lines.map(({ row }) => row));
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        sort();
      }
    });
  });
}

function keyOf(cell) {
  const text = (cell?.textContent ?? "").trim();
  const number = /^[+\u2212-]?\d/.test(text) ? parseFloat(text.replace("\u2212", "-")) : NaN;
  return Number.isNaN(number) ? text : number;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

/** A button that folds the code of the page, or shows it again. */
function addFolding() {
  if (document.querySelector(".highlight") === null) return;
  const button = document.createElement("button");
  const label = () => {
    const folded = document.body.classList.contains("code-folded");
    button.textContent = folded ? "Show code" : "Hide code";
    button.setAttribute("aria-pressed", String(folded));
  };
  button.addEventListener("click", () => {
    document.body.classList.toggle("code-folded");
    label();
  });
  label();
  document.querySelector("nav").append(button);
}

addFolding();
document.querySelectorAll("main table").forEach(makeSortable);
const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    drawPlot(target);
  }
}, { rootMargin: "800px" });
if (typeof vegaEmbed === "function") {
  document.querySelectorAll(".plot").forEach((figure) => near.observe(figure));
}
