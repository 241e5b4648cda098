import type { Machine } from "../../lib/storage/machine.ts";
import type { Provenance } from "../../lib/storage/provenance.ts";
import type { Measurement } from "./measure.ts";
import type { ScalingCurve } from "./scaling.ts";
import type { CaseSummary } from "./summary.ts";

/** Where and with what something was measured. */
export interface Conditions {
  /** Of 1, 5 and 15 minutes, when the run started. */
  readonly loadAverage: readonly number[];
  readonly machine: Machine;
  readonly provenance: Provenance;
  /** Of one operation, on both sides. */
  readonly threads: number;
}

/** `latest.json`. Each row carries its own conditions, for rows may be of different runs. */
export interface BenchRecord {
  readonly cases: readonly (Conditions & {
    readonly summary: CaseSummary;
    readonly measurement: Measurement;
  })[];
  readonly scaling: (Conditions & { readonly curves: readonly ScalingCurve[] }) | null;
}
