import { numberText } from "../../../lib/figures/number_text.ts";
import { type Html, html } from "../../../lib/report/html.ts";

const WIDTH = 220;
const HEIGHT = 80;
/** Left of the curve, px: the labels of its ends. */
const LEFT = 52;
const PAD = 8;

/** A small curve over iterations, from 0; values that are no numbers are gaps. */
export function curveSvg(values: readonly number[]): Html {
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (i: number) => LEFT + i * (WIDTH - LEFT - PAD) / Math.max(1, values.length - 1);
  const y = (value: number) =>
    high === low ? HEIGHT / 2 : HEIGHT - PAD - (value - low) * (HEIGHT - 2 * PAD) / (high - low);
  const at = values.flatMap((value, i) =>
    Number.isFinite(value) ? [{ i, value, x: x(i).toFixed(1), y: y(value).toFixed(1) }] : []
  );
  const path = at.map((point, i) => `${i === 0 ? "M" : "L"}${point.x} ${point.y}`).join("");
  const end = (value: number) =>
    html`<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${numberText(value)}</text>`;
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
${high === low ? end(low) : [end(low), end(high)]}<path d="${path}"/>${
    at.map((point) =>
      html`
        <circle cx="${point.x}" cy="${point.y}" r="3.5">
          <title>iteration ${point.i}: ${numberText(point.value)}</title>
        </circle>
      `
    )
  }</svg>`;
}
