import type { StudyName } from "../studies/study.ts";
import { bootstrappingPage } from "./bootstrapping.ts";
import { costPage } from "./cost.ts";
import { gammaPage } from "./gamma.ts";
import { lengthPage } from "./length.ts";
import { noisePage } from "./noise.ts";
import type { StudyPage } from "./page.ts";
import { selectionPage } from "./selection.ts";

/** The page of each study. */
export const pages: Readonly<Record<StudyName, StudyPage>> = {
  selection: selectionPage,
  noise: noisePage,
  length: lengthPage,
  gamma: gammaPage,
  bootstrapping: bootstrappingPage,
  cost: costPage,
};
