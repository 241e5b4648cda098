import type { Setting } from "../environments/environment.ts";
import {
  type OpenedStudy,
  type OpenOptions,
  openStudy as openAnywhere,
} from "../study/open_study.ts";
import type { Study } from "../study/study.ts";
import { restedOn } from "./failed_cell.ts";

/**
 * Opens a study's plan, records, rows and verdicts. In a notebook, what displays show rests on it:
 * where it fails, later cells say so instead of showing what was opened before.
 *
 * @throws {UserError} for an unknown preset, or naming a line of the records that is not one
 */
export function openStudy<S extends Setting>(
  study: Study<S>,
  options: OpenOptions = {},
): OpenedStudy<S> {
  return restedOn(`opening the study ${study.id}`, () => openAnywhere(study, options));
}
