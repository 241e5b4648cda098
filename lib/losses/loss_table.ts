import type { LossDefinition } from "./loss_definition.ts";
import { noiseRobustLosses } from "./noise_robust_losses.ts";
import { referenceFreeLosses } from "./reference_free_losses.ts";
import { referenceLosses } from "./reference_losses.ts";

/** Every loss, by name. A new loss goes into its family's file; all types below follow from there. */
export const lossDefinitions:
  & typeof referenceLosses
  & typeof referenceFreeLosses
  & typeof noiseRobustLosses = {
    ...referenceLosses,
    ...referenceFreeLosses,
    ...noiseRobustLosses,
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
