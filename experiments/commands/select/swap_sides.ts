import type { FieldMap } from "../../../lib/data/record_fields.ts";
import { textHashColumn } from "../../../lib/scored/record_marks.ts";
import { type Columns, pairColumns, type PairRole } from "../../../lib/scored/columns.ts";

/** Roles that change places with the label. */
const SIDES: readonly (readonly [PairRole, PairRole])[] = [
  ...[["chosen", "rejected"], ["ref_chosen", "ref_rejected"]] as const,
  ...[["chosen_tokens", "rejected_tokens"], ["val_chosen", "val_rejected"]] as const,
  ["chosen_reward", "rejected_reward"],
];

/** Columns that are of chosen minus rejected: those of `data`, of `score` and of reward models. */
const SIGNED = ["score_gap", "irm", ...pairColumns.explicit_margin];

/**
 * A record with the other label: columns of chosen and of rejected change places (`chosen_logp` and
 * `rejected_logp`, too), differences between them change sign and `flipped` says the opposite, all
 * of that in `source`, too, where `score` puts other people's columns. A hash of the old texts goes.
 *
 * @param given columns by role where they have names of their own
 */
export function swapSides(fields: FieldMap, given: Columns<PairRole> = {}): FieldMap {
  const partners = new Map(SIDES.flatMap((roles) => {
    if (roles.every((role) => given[role] === undefined)) return [];
    const [chosen, rejected] = roles.map((role) =>
      given[role] ?? pairColumns[role].find((name) => Object.hasOwn(fields, name))
    );
    if (chosen === undefined || rejected === undefined) return [];
    return [[chosen, rejected], [rejected, chosen]] as const;
  }));
  const partnerOf = (name: string) =>
    partners.get(name) ??
      name.replaceAll(/chosen|rejected/g, (side) => side === "chosen" ? "rejected" : "chosen");
  const isSigned = (name: string) => SIGNED.includes(name) || name === given.explicit_margin;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (name === textHashColumn) return [name, null];
      if (name === "flipped" && typeof value === "boolean") return [name, !value];
      if (isSigned(name) && typeof value === "number") return [name, -value];
      if (name === "source" && value?.constructor === Object) {
        return [name, swapSides(value as FieldMap)];
      }
      const partner = partnerOf(name);
      return [name, Object.hasOwn(fields, partner) ? fields[partner] : value];
    }),
  );
}
