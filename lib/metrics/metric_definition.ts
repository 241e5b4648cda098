/** What a measured number is, for whoever reads it: `align`, studies, reports and notebooks alike. */
export interface MetricDefinition {
  /** Column heads and axes. */
  readonly label: string;
  /** Empty for a pure number. */
  readonly unit: string;
  /** What is measured, over what, by which formula. */
  readonly text: string;
  /** Which way is better; undefined where neither is by itself. */
  readonly better?: "higher" | "lower";
  /** Measured only where the environment knows the true reward. */
  readonly gold?: true;
  /** True where two runs of one config differ: times. */
  readonly volatile?: true;
}

/** A group of metrics by name; each group stands in the file that has its formulas. */
export type MetricDefinitions = Readonly<Record<string, MetricDefinition>>;

/** A number for every metric of a group, null where there is none: a missing formula does not compile. */
export type ValuesOf<Group extends MetricDefinitions> = {
  readonly [Name in keyof Group]: number | null;
};

/** A number as records keep it: null where it is not finite (no figure is defined). */
export function finite(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && Number.isFinite(value) ? value : null;
}
