/** Colours and shapes of arms. */
import { LABEL_ADVANCE, PALETTE, RESERVED_PLACES, SHAPES } from "./theme.ts";

/** Each arm's place in palette and shapes: its reserved one, or the first that no other arm takes. */
function placesOf(arms: readonly string[]): number[] {
  const taken = new Set(arms.map((arm) => RESERVED_PLACES.get(arm)));
  let next = 0;
  return arms.map((arm) => {
    const reserved = RESERVED_PLACES.get(arm);
    if (reserved !== undefined) return reserved;
    while (taken.has(next)) next++;
    return next++;
  });
}

/**
 * Vega-Lite channels that tell arms apart by colour and by shape, with one legend whose columns fit
 * `room` px; without a room there is none.
 */
export function armLooks(
  field: string,
  arms: readonly string[],
  room?: number,
): { readonly color: object; readonly shape: object } {
  const places = placesOf(arms);
  const longest = Math.max(...arms.map((arm) => arm.length));
  const legend = room === undefined ? null : {
    title: null,
    orient: "bottom",
    columns: Math.max(1, Math.floor(room / (longest * LABEL_ADVANCE + 40))),
  };
  const channel = (looks: readonly string[]) => ({
    field,
    type: "nominal",
    scale: { domain: arms, range: places.map((place) => looks[place % looks.length]) },
    legend,
  });
  return { color: channel(PALETTE), shape: channel(SHAPES) };
}
