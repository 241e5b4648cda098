/** Numbers of tidy rows for sentences: each writes itself, and picks the words that fit it. */
import { intervalText, numberText, ratioText } from "../figures/number_text.ts";
import { type MetricName, metrics } from "../metrics/metrics.ts";
import { meanWithInterval } from "../statistics/intervals.ts";
import { type ContrastOptions, contrasts } from "../study/contrasts.ts";
import type { StudyRow } from "../study/rows.ts";

/** Stands where a number would. */
const UNREAD = "(no runs yet)";

/**
 * Markdown without the paragraphs and list items that lack a number, and a line that says how many
 * they are.
 */
export function completeStatements(markdown: string): string {
  const statements = markdown.split(/\n(?=- |\n)/);
  const complete = statements.filter((text) => !text.includes(UNREAD) && !/\bNaN\b/.test(text));
  const missing = statements.length - complete.length;
  if (missing === 0) return markdown;
  const were = missing === 1 ? "1 statement waits" : `${missing} statements wait`;
  return `${complete.join("\n")}\n\n_${were} for runs that have no record yet._`;
}

/** What a sentence says, by where the 95 % interval lies. */
export interface Words {
  /** The whole interval is above 0. */
  readonly above: string;
  /** The whole interval is below 0. */
  readonly below: string;
  /** 0 lies inside. */
  readonly open: string;
}

/** A mean, or a paired difference with its interval. */
export class Reading {
  readonly #text: string;

  /**
   * @internal Readings come from `readings`.
   *
   * @param mean NaN without runs; the ends of the interval are NaN where there is none
   */
  constructor(
    readonly mean: number,
    readonly low: number,
    readonly high: number,
    text: string,
    /** Seeds that it rests on. */
    readonly n: number,
  ) {
    this.#text = text;
  }

  /** "+0.34 [+0.22, +0.46] (n 4)": for numbers of unlike seeds beside each other. */
  get counted(): string {
    return Number.isNaN(this.mean) ? this.#text : `${this.#text} (n ${this.n})`;
  }

  /** The words that fit the sign of a difference. */
  words({ above, below, open }: Words): string {
    if (Number.isNaN(this.mean)) return UNREAD;
    return this.low > 0 ? above : this.high < 0 ? below : open;
  }

  /** "+0.34 [+0.22, +0.46]"; what has no runs yet reads so, and `say` leaves its statement out. */
  toString(): string {
    return this.#text;
  }
}

/** What sentences about one condition are made of. */
export interface Readings {
  /** Mean over an arm's seeds, after the last iteration unless told. */
  mean(metric: MetricName, arm: string, iteration?: number): Reading;
  /** Arm minus baseline, paired by seed: the contrast that figures and verdicts show. */
  difference(
    metric: MetricName,
    arm: string,
    baseline: string,
    options?: ContrastOptions,
  ): Reading;
}

const NONE = new Reading(NaN, NaN, NaN, UNREAD, 0);

/**
 * Readings of one condition's rows. Shares are written in percent, their differences in percentage
 * points; what has no runs yet reads so.
 */
export function readings(rows: readonly StudyRow[], condition: string): Readings {
  const own = rows.filter((row) => row.condition === condition);
  const isShare = (metric: MetricName) => metrics[metric].unit === "share";
  return {
    mean(metric, arm, iteration) {
      const values = own.filter((row) =>
        row.arm === arm && (iteration === undefined ? row.last : row.iteration === iteration)
      ).flatMap((row) => row[metric] ?? []);
      if (values.length === 0) return NONE;
      const { mean, low, high } = meanWithInterval(values);
      const text = isShare(metric)
        ? `${(100 * mean).toFixed(mean < 0.1 ? 1 : 0)} %`
        : numberText(mean);
      return new Reading(mean, low, high, text, values.length);
    },
    difference(metric, arm, baseline, options = {}) {
      const both = [arm, baseline].every((id) => own.some((row) => row.arm === id));
      const found = both ? contrasts(own, metric, [[arm, baseline]], options)[0] : undefined;
      if (found === undefined) return NONE;
      const { mean, low, high } = found;
      const text = options.log === true
        ? ratioText(found)
        : isShare(metric)
        ? `${points(mean)}${Number.isNaN(low) ? "" : ` [${points(low)}, ${points(high)}]`} points`
        : intervalText(found);
      return new Reading(mean, low, high, text, found.n);
    },
  };
}

/** "−7.6": a difference of shares in percentage points. */
function points(share: number): string {
  return (share < 0 ? "\u2212" : "+") + Math.abs(100 * share).toFixed(1);
}
