/** What a loss accepts as the value of one of its options. */
export interface OptionRule {
  accepts(value: unknown): boolean;
  /** Completes the sentence "it must be ...". */
  readonly text: string;
}

const numberRule = (text: string, accepts: (value: number) => boolean): OptionRule => ({
  text,
  accepts: (value) => typeof value === "number" && Number.isFinite(value) && accepts(value),
});

/** A number above 0. */
export const positive = numberRule("a number above 0", (value) => value > 0);
/** A number of at least 0. */
export const nonNegative = numberRule("a number of at least 0", (value) => value >= 0);
/** A flip rate: at 0.5 and above, labels carry no information. */
export const flipRate = numberRule("in [0, 0.5)", (value) => value >= 0 && value < 0.5);
/** A share. */
export const share = numberRule("in [0, 1]", (value) => value >= 0 && value <= 1);
/** True or false. */
export const flag: OptionRule = {
  text: "true or false",
  accepts: (value) => typeof value === "boolean",
};
