/** Numbers of tidy rows for sentences: each writes itself, and picks the words that fit it. */
import { intervalText, numberText, ratioText } from "../figures/number_text.ts";
import { type MetricName, metricOf } from "../metrics/metrics.ts";
import { meanWithInterval } from "../statistics/intervals.ts";
import { type ContrastOptions, contrasts } from "../study/contrasts.ts";
import type { StudyRow } from "../study/rows.ts";

/** What a sentence says, by where the 95 % interval lies. */
export interface Words {
  /** The whole interval is above 0. */
  readonly above: string;
  /** The whole interval is below 0. */
  readonly below: string;
  /** 0 lies inside, or there is no interval yet. */
  readonly open: string;
}

/** A mean, or a paired difference with its interval. */
export class Reading {
  readonly #text: string;

  /** @param mean NaN without runs; so are the ends of the interval without two seeds */
  constructor(
    readonly mean: number,
    readonly low: number,
    readonly high: number,
    text: string,
  ) {
    this.#text = text;
  }

  /** The words that fit the sign of a difference. */
  words({ above, below, open }: Words): string {
    return this.low > 0 ? above : this.high < 0 ? below : open;
  }

  /** "+0.34 [+0.22, +0.46]", or "(no runs yet)". */
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

const NONE = new Reading(NaN, NaN, NaN, "(no runs yet)");

/**
 * Readings of one condition's rows. Shares are written in percent, their differences in percentage
 * points; what has no runs yet reads so.
 */
export function readings(rows: readonly StudyRow[], condition: string): Readings {
  const own = rows.filter((row) => row.condition === condition);
  const isShare = (metric: MetricName) => metricOf(metric).unit === "share";
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
      return new Reading(mean, low, high, text);
    },
    difference(metric, arm, baseline, options = {}) {
      const both = [arm, baseline].every((id) => own.some((row) => row.arm === id));
      const found = both ? contrasts(own, metric, [[arm, baseline]], options)[0] : undefined;
      if (found === undefined) return NONE;
      const { mean, low, high } = found;
      const points = { mean: 100 * mean, low: 100 * low, high: 100 * high };
      const text = options.log === true
        ? ratioText(found)
        : isShare(metric)
        ? `${intervalText(points)} points`
        : intervalText(found);
      return new Reading(mean, low, high, text);
    },
  };
}
