/** What a number must be, in words and as a test. */
export interface NumberRule {
  /** Completes the sentence "it must be ...". */
  readonly text: string;
  /** Whether a finite number is accepted. */
  readonly accepts: (value: number) => boolean;
}

/** A whole number from `least` on. */
export const wholeFrom = (least: number): NumberRule => ({
  text: `a whole number from ${least}`,
  accepts: (value) => Number.isSafeInteger(value) && value >= least,
});

/** Any number above 0. */
export const above0: NumberRule = { text: "above 0", accepts: (value) => value > 0 };

/** Any number from 0 on. */
export const atLeast0: NumberRule = {
  text: "at least 0",
  accepts: (value) => value >= 0,
};

/** A share that cannot be 0. */
export const share: NumberRule = {
  text: "in (0, 1]",
  accepts: (value) => value > 0 && value <= 1,
};

/** A share. */
export const from0to1: NumberRule = {
  text: "in [0, 1]",
  accepts: (value) => value >= 0 && value <= 1,
};

/** A share that cannot be all. */
export const below1: NumberRule = {
  text: "in [0, 1)",
  accepts: (value) => value >= 0 && value < 1,
};
