import type { Study } from "../../../lib/study/study.ts";
import { followUps, realStudies, studies } from "../../studies.ts";
import type { Marks } from "../marked_part.ts";
import {
  CLAIMS,
  FOLLOW_UP_CLAIMS,
  REAL_CLAIMS,
  RESPONSE_SD,
  SENTIMENT_SD,
} from "./claims_table.ts";

/** Claims that Holm's correction takes together, and where the plan has them. */
export interface ClaimFamily {
  readonly marks: Marks;
  readonly studies: readonly Study[];
  /** Standard deviation of one response's gold reward. */
  readonly responseSd: number;
}

/**
 * Two families in the small language, the second planned after the first, and one of a pretrained
 * model.
 */
export const claimFamilies: readonly ClaimFamily[] = [
  { marks: CLAIMS, studies, responseSd: RESPONSE_SD },
  { marks: FOLLOW_UP_CLAIMS, studies: followUps, responseSd: RESPONSE_SD },
  { marks: REAL_CLAIMS, studies: realStudies, responseSd: SENTIMENT_SD },
];
