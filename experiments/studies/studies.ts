import { UserError } from "../../lib/errors.ts";
import { bootstrappingStudy } from "./bootstrapping.ts";
import { costStudy } from "./cost.ts";
import { gammaStudy } from "./gamma.ts";
import { lengthStudy } from "./length.ts";
import { noiseStudy } from "./noise.ts";
import { selectionStudy } from "./selection.ts";
import type { Study, StudyName } from "./study.ts";

/** Every study, in the order in which it is run and shown. */
export const studies: readonly Study[] = [
  selectionStudy,
  noiseStudy,
  lengthStudy,
  gammaStudy,
  bootstrappingStudy,
  costStudy,
];

/** @throws {UserError} for a name that no study has */
export function studyNamed(name: string): Study {
  const found = studies.find((study) => study.id === name);
  if (found === undefined) {
    throw new UserError(
      `unknown study "${name}"; the studies are ${studies.map((study) => study.id).join(", ")}`,
    );
  }
  return found;
}

export type { Study, StudyName };
