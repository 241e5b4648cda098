/** How the suite's own time grows with the work. */
import { median } from "simple-statistics";
import { logLogSlope } from "../../lib/figures/mod.ts";
import type { ModelConfig } from "../../lib/policy/config.ts";
import { decoder, fullPairs, type Workload } from "./cases.ts";
import { forwardOperations, generationPass, pairPass } from "./operations.ts";
import { prepareInputs } from "./prepare.ts";
import { Worker } from "./worker.ts";

/** One curve. */
export interface ScalingCurve {
  readonly id: string;
  /** What grows. */
  readonly title: string;
  /** What is timed. */
  readonly series: string;
  readonly points: readonly { readonly size: number; readonly seconds: number }[];
  /** Log-log slope of the counted multiply-adds over the same sizes. */
  readonly expectedSlope: number;
}

interface Curve {
  readonly id: string;
  readonly title: string;
  readonly series: string;
  readonly sizes: readonly number[];
  readonly work: (size: number) => Workload;
  readonly operations: (size: number) => number;
}

const STEP = { kind: "step", loraRank: 0, trl: false, learningRate: 1e-5 } as const;

function stepCurve(
  id: string,
  title: string,
  sizes: readonly number[],
  shape: (size: number) => { model: ModelConfig; pairs: number; context: number },
): Curve {
  return {
    id,
    title,
    series: "DPO step",
    sizes,
    work: (size) => {
      const { model, pairs, context } = shape(size);
      return { ...STEP, model, pairs: fullPairs(pairs, context) };
    },
    operations: (size) => {
      const { model, pairs, context } = shape(size);
      return 3 * forwardOperations(model, pairPass(pairs, context / 4, context * 3 / 4));
    },
  };
}

/** Prompt length of the generation curve, four prompts, 32 new tokens each. */
const GENERATION = { prompts: 4, prompt: 16, newTokens: 32 };

function curves(quick: boolean): Curve[] {
  const upTo = (sizes: number[]) => quick ? sizes.slice(0, 3) : sizes;
  const small = decoder(128, 4, 64, 256);
  return [
    stepCurve(
      "pairs",
      "pairs",
      upTo([8, 16, 32, 64, 128]),
      (pairs) => ({ model: small, pairs, context: 64 }),
    ),
    stepCurve(
      "length",
      "tokens of a sequence",
      upTo([32, 64, 128, 256, 512]),
      (context) => ({ model: decoder(128, 4, context, 256), pairs: 8, context }),
    ),
    {
      id: "responses",
      title: "responses a prompt",
      series: "generation",
      sizes: upTo([2, 4, 8, 16, 32]),
      work: (responses) => ({
        ...STEP,
        kind: "generate",
        model: small,
        pairs: fullPairs(GENERATION.prompts, 64),
        generation: {
          batch: GENERATION.prompts * responses,
          newTokens: GENERATION.newTokens,
          responses,
        },
      }),
      operations: (responses) =>
        forwardOperations(
          small,
          generationPass(GENERATION.prompts, GENERATION.prompt, responses, GENERATION.newTokens),
        ),
    },
    stepCurve(
      "width",
      "width of the model",
      upTo([64, 128, 256, 512]),
      (width) => ({ model: decoder(width, 2, 64, 256), pairs: 8, context: 64 }),
    ),
  ];
}

/** Measures every curve: sizes in turns, so that a busy moment bends no curve. */
export async function measureScaling(
  options: { readonly quick: boolean; readonly threads: number; readonly repeat: number },
): Promise<ScalingCurve[]> {
  const out: ScalingCurve[] = [];
  for (const { id, title, series, sizes, work, operations } of curves(options.quick)) {
    console.log(`scaling: time against ${title}`);
    const workers: Worker[] = [];
    try {
      for (const size of sizes) {
        const worker = Worker.start("ours", "", options.threads);
        workers.push(worker);
        await worker.ask({
          do: "load",
          inputs: await prepareInputs(`scaling-${id}-${size}`, work(size)),
        });
      }
      const seconds: number[][] = sizes.map(() => []);
      for (let turn = 0; turn <= options.repeat; turn++) {
        for (const [i, worker] of workers.entries()) {
          const run = await worker.ask({ do: "run" });
          if (turn > 0) seconds[i]?.push(run.seconds);
        }
      }
      out.push({
        id,
        title,
        series,
        points: sizes.map((size, i) => ({ size, seconds: median(seconds[i] as number[]) })),
        expectedSlope: logLogSlope(sizes.map((size) => ({ x: size, y: operations(size) }))),
      });
    } finally {
      for (const worker of workers) await worker.stop();
    }
  }
  return out;
}
