import { nearest } from "./nearest.ts";
import { longFlag, type OptionTable } from "./option.ts";

/**
 * The flag that a mistyped name stands for: the same in other letters (`max_length`, `maxLength`),
 * another tool's name for it, or the nearest one.
 *
 * @param name without dashes before it
 * @param synonyms other tools' names in kebab case, with the flag that is meant
 */
export function meantOption(
  name: string,
  options: OptionTable,
  synonyms: Readonly<Record<string, string>> = {},
): string | undefined {
  const flags = Object.values(options).map(longFlag);
  const kebab = name.replaceAll(/([a-z])([A-Z])/g, "$1-$2").replaceAll("_", "-").toLowerCase();
  if (flags.includes(kebab)) return `--${kebab}`;
  const synonym = Object.hasOwn(synonyms, kebab) ? synonyms[kebab] : undefined;
  if (synonym !== undefined) return synonym;
  const near = nearest(kebab, flags);
  return near === undefined ? undefined : `--${near}`;
}
