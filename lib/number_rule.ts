/** What a number must be, in words ("it must be ...") and as a test. Finite numbers alone are asked. */
export interface NumberRule {
  readonly text: string;
  readonly accepts: (value: number) => boolean;
}

/** A whole number from `least` on. */
export const wholeFrom = (least: number): NumberRule => ({
  text: `a whole number of at least ${least}`,
  accepts: (value) => Number.isSafeInteger(value) && value >= least,
});

/** Any number above 0. */
export const above0: NumberRule = { text: "a number above 0", accepts: (value) => value > 0 };

/** Any number from 0 on. */
export const atLeast0: NumberRule = {
  text: "a number of at least 0",
  accepts: (value) => value >= 0,
};

/** In (0, 1]. */
export const share: NumberRule = {
  text: "above 0 and at most 1",
  accepts: (value) => value > 0 && value <= 1,
};

/** In [0, 1]. */
export const from0to1: NumberRule = {
  text: "at least 0 and at most 1",
  accepts: (value) => value >= 0 && value <= 1,
};

/** In [0, 1). */
export const below1: NumberRule = {
  text: "at least 0 and below 1",
  accepts: (value) => value >= 0 && value < 1,
};
