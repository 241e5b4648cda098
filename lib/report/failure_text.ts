import type { FailureSignature } from "../metrics/failure_signatures.ts";

/** What a failure signature means for the reader of a report. */
export const FAILURE_TEXT: Readonly<Record<FailureSignature, string>> = {
  "collapse": "The responses degenerate: try a higher beta, a lower learning rate or fewer steps.",
  "irm-uniformly-low": "The margins rank little: the policy is still close to the reference.",
  "decline":
    "An earlier iteration was better: run again with so many --iterations, into another --out.",
  "train-held-out-gap":
    "The policy learns the training pairs by heart: use more pairs or fewer steps.",
};
