/** The scripts that make committed reference values. */
import { projectRoot } from "../../lib/engine/layout.ts";

/** One script: it writes a folder of files that are committed elsewhere. */
export interface Reference {
  readonly id: string;
  readonly title: string;
  /** In `tools/parity`; called with `--out FOLDER`. */
  readonly script: string;
  /** Whether it also takes `--gguf FILE`, SmolLM2. */
  readonly needsModel?: boolean;
  /** Where its files are committed. */
  readonly committed: string;
  /** Largest relative difference (of at least 1) between committed and fresh numbers. */
  readonly tolerance: number;
}

const values = `${projectRoot}tests/parity`;

/** In the order they run: the trajectories start from the tiny checkpoint. */
export const REFERENCES: readonly Reference[] = [
  {
    id: "tiny-llama",
    title: "tiny Llama checkpoints: logits, log-probabilities, greedy tokens",
    script: "tiny_llama.py",
    committed: values,
    tolerance: 1e-4,
  },
  {
    id: "architectures",
    title: "a tiny model of each architecture: logits, gradients, greedy tokens, rope types",
    script: "architectures.py",
    committed: `${values}/architectures`,
    tolerance: 1e-4,
  },
  {
    id: "trajectories",
    title: "DPO, LoRA and loss trajectories on the tiny checkpoint",
    script: "dpo_trajectory.py",
    committed: values,
    tolerance: 1e-3,
  },
  {
    id: "smollm2",
    title: "SmolLM2: greedy text, log-probabilities, LoRA steps (1 minute)",
    script: "smollm2_reference.py",
    needsModel: true,
    committed: values,
    tolerance: 1e-3,
  },
  {
    id: "losses",
    title: "losses and gradients by TRL's own code",
    script: "loss_reference.py",
    committed: `${projectRoot}tests/losses`,
    tolerance: 1e-6,
  },
  {
    id: "gguf-blocks",
    title: "GGUF blocks as ggml's Python reference decodes them",
    script: "gguf_reference.py",
    committed: `${projectRoot}tests/policy/io`,
    tolerance: 0,
  },
  {
    id: "token-ids",
    title: "token ids by transformers' tokenizers",
    script: "tokenizer_reference.py",
    needsModel: true,
    committed: `${projectRoot}tests/text`,
    tolerance: 0,
  },
  {
    id: "data-formats",
    title: "preference data as TRL and pyarrow read it",
    script: "preference_formats.py",
    committed: `${projectRoot}tests/data`,
    tolerance: 0,
  },
];
