import { cdpo } from "./cdpo.ts";
import { cpo } from "./cpo.ts";
import { dpo } from "./dpo.ts";
import { drDpo } from "./dr_dpo.ts";
import { ipo } from "./ipo.ts";
import { kto } from "./kto.ts";
import { lengthNormalisedDpo } from "./length_normalised_dpo.ts";
import { lengthRegularisedDpo } from "./length_regularised_dpo.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { orpo } from "./orpo.ts";
import { robustDpo } from "./robust_dpo.ts";
import { ropo } from "./ropo.ts";
import { simpo } from "./simpo.ts";
import { slic } from "./slic.ts";
import { slicHf } from "./slic_hf.ts";
import { wdpo } from "./wdpo.ts";

/** Every loss, by name. A new loss is one file and one row here; all types below follow. */
export const lossDefinitions = {
  "dpo": dpo,
  "ipo": ipo,
  "slic": slic,
  "slic-hf": slicHf,
  "simpo": simpo,
  "cdpo": cdpo,
  "rdpo": robustDpo,
  "r-dpo": lengthRegularisedDpo,
  "length-normalised-dpo": lengthNormalisedDpo,
  "ropo": ropo,
  "dr-dpo": drDpo, // couples the pairs of a batch: see needsWholeBatch
  "wdpo": wdpo, // so does it
  "cpo": cpo,
  "orpo": orpo,
  "kto": kto, // needs mismatched pairs: see needsMismatched
};

/** The name of a loss, as options and records give it. */
export type LossName = keyof typeof lossDefinitions;

/** A loss and its options, told apart by `name`: a plain value that can be written to a record. */
export type LossConfig = (typeof lossDefinitions)[LossName]["defaults"];

/** The specification of the loss called `Name`. */
export type LossConfigOf<Name extends LossName> = Extract<LossConfig, { readonly name: Name }>;

/** The losses by name. A row whose key is not its loss's name does not compile. */
export const lossTable: { readonly [Name in LossName]: LossDefinition<LossConfigOf<Name>> } =
  lossDefinitions;

/** Every loss's name, in the order of the table. */
export const lossNames = Object.keys(lossDefinitions) as readonly LossName[];

/** The definition of a specification's loss. */
export function definitionOf(config: LossConfig): LossDefinition<LossConfig> {
  // The table's type pairs each name with its own specification; TypeScript cannot follow that
  // through an index of union type.
  return lossTable[config.name] as unknown as LossDefinition<LossConfig>;
}
