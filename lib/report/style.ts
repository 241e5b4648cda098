/** The report's style sheet: one column on a phone, dark where the reader's system is, printable. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1c2024; --soft: #5b636d; --paper: #fff; --panel: #f5f6f8;
  --line: #d9dde2; --accent: #1f6db3; --warn: #8a4b00; --warn-paper: #fff4e0; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e7eb; --soft: #a0a8b2; --paper: #15181c;
  --panel: #1e2228; --line: #363c45; --accent: #72b4ee; --warn: #ffc875; --warn-paper: #35280f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 3rem; max-width: 68rem;
  font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--paper); }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .7rem; padding-bottom: .25rem;
  border-bottom: 1px solid var(--line); }
h3 { font-size: .95rem; margin: 0 0 .3rem; }
p { margin: .4rem 0 .8rem; max-width: 46rem; }
.soft, figcaption { color: var(--soft); font-size: .85rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(11.5rem, 1fr)); gap: .7rem;
  margin: 1.2rem 0; padding: 0; list-style: none; }
.cards li { background: var(--panel); border-radius: .5rem; padding: .7rem .9rem; }
.cards b { display: block; font-size: 1.15rem; font-variant-numeric: tabular-nums;
  line-height: 1.3; }
.cards span { color: var(--soft); font-size: .85rem; }
.charts { display: grid; gap: 1.4rem 2rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
.charts + .scroll, .charts + table { margin-top: 1.5rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure svg { display: block; max-width: 100%; overflow: visible; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .28rem .9rem .28rem 0;
  border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; }
td.number, th.number { text-align: right; white-space: nowrap; }
@media (max-width: 40rem) {
  .metrics, .metrics thead, .metrics tbody { display: block; }
  .metrics tr { display: flex; flex-wrap: wrap; border-bottom: 1px solid var(--line); }
  .metrics th, .metrics td { border: 0; flex: 1 0 4.4rem; padding-right: 0; }
  .metrics tbody th, .metrics td.meaning, .metrics thead th:first-child { flex: 1 0 100%; }
  .metrics thead .meaning { display: none; } }
@media (max-width: 40rem) {
  .stacked, .stacked tbody, .stacked tr, .stacked tbody th { display: block; }
  .stacked thead { display: none; }
  .stacked tr { padding: .4rem 0; border-bottom: 1px solid var(--line); }
  .stacked th, .stacked td { border: 0; padding-right: 0; }
  .stacked td { display: flex; justify-content: space-between; gap: 1rem; }
  .stacked td.number { white-space: normal; }
  .stacked td::before { content: attr(data-label); color: var(--soft); } }
table.pairs td { overflow-wrap: anywhere; }
.columns { columns: 24rem 2; column-gap: 2.5rem; }
.columns table { width: 100%; }
.columns tr { break-inside: avoid; }
.warning { background: var(--warn-paper); color: var(--warn); border-radius: .5rem;
  padding: .6rem .9rem; margin: .5rem 0; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem;
  margin: 0 0 1rem; break-inside: avoid; }
article[hidden] { display: none; }
.tools { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; align-items: baseline; }
.tools[hidden] { display: none; }
.tools input, .tools select { font: inherit; max-width: 100%; }
.sides { display: grid; gap: .8rem 1.5rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }
.model { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; font-size: .9rem;
  margin: .15rem 0 .6rem; }
.sides .model { background: var(--panel); border-radius: .35rem; padding: .5rem .7rem; margin: 0; }
pre { background: var(--panel); border-radius: .5rem; padding: .7rem .9rem; white-space: pre-wrap;
  overflow-wrap: anywhere; font: .85rem/1.5 ui-monospace, monospace; }
p code { white-space: nowrap; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; font-size: 11pt; }
  .charts { grid-template-columns: 1fr 1fr; } }
`;
