import type { Engine, OpAttribute, RawKernels, Tensor, Tensor1D, Tensor2D } from "../tensorflow.ts";
import { compositeOps } from "./composite.ts";
import type { AttentionLayout, AttentionShape, DecodeCache, Ops, Segment } from "./types.ts";

/** The fused CPU kernels of `lib/engine/native`; what they lack comes from the composite ops. */
export function nativeOps(engine: Engine & { readonly raw: RawKernels }): Ops {
  const { tf, raw } = engine;
  const { attr, dtype } = raw;
  const composite = compositeOps(engine);
  const float: OpAttribute = { name: "T", type: attr.type, value: dtype.float32 };
  const one = (name: string, attributes: OpAttribute[], inputs: Tensor[]): Tensor =>
    raw.execute(name, attributes, inputs, 1)[0] as Tensor;
  const bool = (name: string, value: boolean): OpAttribute => ({ name, type: attr.bool, value });
  const int = (name: string, value: number): OpAttribute => ({ name, type: attr.int, value });
  const matMulAttributes = [false, true].map((a) =>
    [false, true].map((b) => [bool("transpose_a", a), bool("transpose_b", b), float])
  );
  const nothing2d = tf.keep(tf.tensor2d([], [0, 0], "float32"));
  const shapeAttributes = (shape: AttentionShape): OpAttribute[] => [
    int("heads", shape.heads),
    int("kv_heads", shape.kvHeads),
    int("head_dim", shape.headDim),
    ...(shape.window === undefined ? [] : [int("window", shape.window)]),
  ];
  const segmentsTensor = (layout: AttentionLayout): Tensor => layout.tensors[0] as Tensor;

  return {
    ...composite,
    name: "native",
    matMul: (a, b, transposeA = false, transposeB = false) =>
      one("MatMul", matMulAttributes[+transposeA]?.[+transposeB] ?? [], [a, b]) as Tensor2D,
    add: <T extends Tensor>(a: T, b: T) => one("AddV2", [float], [a, b]) as T,
    mul: (a, b) => one("Mul", [float], [a, b]),
    addBias: (x, bias) => one("AddV2", [float], [x, bias]) as Tensor2D,
    rmsNorm: (x, delta, weight, eps) => {
      const [sum, y, inverse] = raw.execute(
        "SeraRmsNorm",
        [{ name: "eps", type: attr.float, value: eps }],
        [x, delta ?? nothing2d, weight],
        3,
      );
      if (delta === undefined) sum?.dispose();
      return {
        sum: delta === undefined ? x : sum as Tensor2D,
        y: y as Tensor2D,
        inverse: inverse as Tensor1D,
      };
    },
    rmsNormGrad: (dy, x, weight, inverse, residual, weightGrad) => {
      const [dx, dweight] = raw.execute(
        "SeraRmsNormGrad",
        [bool("weight_grad", weightGrad)],
        [dy, x, weight, inverse, residual ?? nothing2d],
        2,
      );
      if (!weightGrad) dweight?.dispose();
      return { dx: dx as Tensor2D, dweight: weightGrad ? dweight as Tensor1D : undefined };
    },
    rope: (qkv, rotation, shape, inverse) =>
      one("SeraRope", [
        int("rotated_heads", shape.heads + shape.kvHeads),
        int("head_dim", shape.headDim),
        bool("inverse", inverse),
      ], [qkv, rotation.cos, rotation.sin, rotation.positions]) as Tensor2D,
    attentionLayout: (segments: readonly Segment[], rows: number) => {
      const flat = segments.flatMap((s) => [s.start, s.length, s.prefixStart, s.prefixLength]);
      const tensor = tf.keep(tf.tensor2d(flat, [segments.length, 4], "int32"));
      return { segments, rows, tensors: [tensor], dispose: () => tensor.dispose() };
    },
    attention: (qkv, layout, shape) => {
      const [out, lse] = raw.execute(
        "SeraAttention",
        shapeAttributes(shape),
        [qkv, segmentsTensor(layout)],
        2,
      );
      return { out: out as Tensor2D, saved: [lse as Tensor] };
    },
    attentionGrad: (dout, qkv, result, layout, shape) =>
      one("SeraAttentionGrad", shapeAttributes(shape), [
        dout,
        qkv,
        result.out,
        result.saved[0] as Tensor,
        segmentsTensor(layout),
      ]) as Tensor2D,
    decodeCache: (promptQkv, spans, capacity, shape): DecodeCache => {
      const width = 2 * shape.kvHeads * shape.headDim;
      let spansTensor: Tensor = tf.keep(tf.tensor2d(spans, [spans.length / 2, 2], "int32"));
      let cache: Tensor = tf.keep(tf.zeros([spans.length / 2, capacity, width]));
      let step = 0;
      return {
        attend: (qkv) =>
          one("SeraDecodeAttention", [...shapeAttributes(shape), int("step", step++)], [
            qkv,
            promptQkv,
            cache,
            spansTensor,
          ]) as Tensor2D,
        keep: (rows) => {
          const ids = tf.tensor1d(rows, "int32");
          const [oldCache, oldSpans] = [cache, spansTensor];
          cache = tf.keep(tf.gather(oldCache, ids));
          spansTensor = tf.keep(tf.gather(oldSpans, ids));
          tf.dispose([ids, oldCache, oldSpans]);
        },
        dispose: () => tf.dispose([cache, spansTensor]),
      };
    },
    swiglu: (gateUp) => one("SeraSwiglu", [], [gateUp]) as Tensor2D,
    swigluGrad: (dy, gateUp) => one("SeraSwigluGrad", [], [dy, gateUp]) as Tensor2D,
    tokenLogps: (logits, targets) =>
      one("SeraTokenLogps", [bool("residual", false)], [logits, targets]) as Tensor1D,
    tokenLogpsWithResidual: (logits, targets) => ({
      logps: one("SeraTokenLogps", [bool("residual", true)], [logits, targets]) as Tensor1D,
      residual: logits,
    }),
    sumSquares: (x) => one("SeraSumSquares", [], [x]),
    adamW: (slot, grad, s) => {
      const scalars = tf.tensor1d([
        s.learningRate,
        s.beta1,
        s.beta2,
        s.epsilon,
        s.weightDecay,
        1 - s.beta1 ** s.step,
        1 - s.beta2 ** s.step,
        s.gradFactor,
        1 - s.beta1,
        1 - s.beta2,
      ]);
      const inputs = [slot.value, slot.first, slot.second, grad, scalars];
      one("SeraAdamW", [], inputs).dispose();
      scalars.dispose();
      return slot;
    },
    scaleRows: (x, factors) => {
      const column = factors.as2D(x.shape[0], 1);
      const out = one("Mul", [float], [x, column]) as Tensor2D;
      column.dispose();
      return out;
    },
  };
}
