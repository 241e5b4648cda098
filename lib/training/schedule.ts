/** Every shape of the learning rate. */
export const scheduleNames = ["constant", "linear", "cosine"] as const;

/** Shape of the learning rate over a run. */
export type ScheduleName = typeof scheduleNames[number];

/** A learning-rate schedule. */
export interface Schedule {
  readonly name: ScheduleName;
  /** Peak learning rate. */
  readonly peak: number;
  /** Steps of linear warm-up from peak / warmupSteps. */
  readonly warmupSteps: number;
  /** Steps of the whole schedule, warm-up included. */
  readonly totalSteps: number;
}

/** Learning rate of a step, counted from 0; linear and cosine end just above 0. */
export function learningRateAt(schedule: Schedule, step: number): number {
  const { name, peak, warmupSteps, totalSteps } = schedule;
  if (step < warmupSteps) return peak * (step + 1) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  switch (name) {
    case "constant":
      return peak;
    case "linear":
      return peak * (1 - progress);
    case "cosine":
      return peak * (1 + Math.cos(Math.PI * progress)) / 2;
  }
}
