import assert from "node:assert/strict";
import { contrastMap, type Plot, standings } from "../../lib/figures/mod.ts";
import { contrast } from "./rows.ts";

/**
 * One column. "a" is best (mean 4); "b" trails it by 1, 1.2 and 0.8 on its seeds; "c" by 5, -4 and 2
 * on them, which nobody can tell from 0; "d" has the seeds of none.
 */
const COLUMN = [
  contrast("b", [2, 2.8, 4.2], { at: 1 }),
  contrast("a", [3, 4, 5], { at: 1 }),
  contrast("c", [-2, 8, 3], { at: 1 }),
  { ...contrast("d", [0, 0.1], { at: 1 }), pairs: [{ seed: 8, difference: 0 }] },
];
const at = ({ row }: { readonly row: object }) => (row as { readonly at: number }).at;

interface Cell {
  readonly x: string;
  readonly y: string;
  readonly text: string;
  readonly note?: string;
  readonly clear: boolean;
  readonly standing: string;
}

const cellsOf = (plot: Plot) => (plot as unknown as { data: { values: Cell[] } }).data.values;

Deno.test("the best of a column, and what its seeds cannot tell from it", () => {
  assert.deepEqual(standings(COLUMN, { column: at }), ["behind", "best", "level", "level"]);
});

Deno.test("columns are ranked apart; what is out of the ranking, or alone, is never the best", () => {
  const others = [contrast("b", [7, 8, 9.5], { at: 2 }), contrast("c", [1, 2.5, 4], { at: 2 })];
  const alone = contrast("b", [7, 8, 9.5], { at: 3 });
  const options = { column: at, ranked: ({ label }: { label: string }) => label !== "a" };
  assert.deepEqual(standings([...COLUMN, ...others, alone], options), [
    ...["best", "unranked", "level", "level"],
    ...["best", "behind"],
    "unranked",
  ]);
});

Deno.test("a cell says the mean, half of the interval, and whether 0 lies outside", () => {
  const cells = cellsOf(contrastMap(COLUMN.slice(1, 3), { title: "t", x: at, y: "label" }));
  // t quantile 4.30265 for 2 degrees of freedom; sd 1 and 5, over sqrt(3)
  assert.deepEqual(
    cells.map(({ x, y, text, note, clear, standing }) => [x, y, text, note, clear, standing]),
    [
      ["1", "a", "+4.00", "\u00b12.48", true, "best"],
      ["1", "c", "+3.00", "\u00b112.42", false, "level"],
    ],
  );
});

Deno.test("a mean below 0 has a true minus; two contrasts in one cell are refused", () => {
  const [cell] = cellsOf(
    contrastMap([contrast("a", [-1, -1.1])], { title: "t", x: "label", y: "label" }),
  );
  assert.equal(cell?.text, "\u22121.05");
  assert.equal(cell?.clear, true);
  assert.throws(() => contrastMap(COLUMN, { title: "t", x: at, y: () => "all" }), {
    name: "UserError",
    message: 'plot "t": two contrasts fall in the cell "all | 1"; set x or y',
  });
});

Deno.test("one far value does not take the colours of the others; the subtitle says so", () => {
  const near = Array.from({ length: 9 }, (_, i) => contrast(`arm ${i}`, [0.1 * i, 0.1 * i + 0.01]));
  const subtitleOf = (plot: Plot) =>
    [(plot as unknown as { title: { subtitle: string[] } }).title.subtitle].flat().join(" ");
  const options = { title: "t", x: () => "all", y: "label" } as const;
  assert.doesNotMatch(subtitleOf(contrastMap(near, options)), /colours/);
  const far = contrastMap([...near, contrast("collapsed", [-9, -9.1])], options);
  assert.match(subtitleOf(far), /colours end at \u00b10\.8/);
});
