// AdamW (Loshchilov and Hutter 2019) and the squared norm that gradient clipping needs.
#include "common.h"

namespace sera {
namespace {

REGISTER_OP("SeraAdamW")
    .Input("parameter: float").Input("first: float").Input("second: float").Input("grad: float")
    .Input("scalars: float")
    .Output("done: float");

// Updates parameter, first and second moment IN PLACE. scalars: learning rate, beta1, beta2,
// epsilon, weight decay, 1 - beta1^t, 1 - beta2^t, factor on the gradient (clipping), 1 - beta1,
// 1 - beta2 (from float32, 1 - 0.999f would be wrong by 1e-5).
class AdamW : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* ctx) override {
    const int64_t n = ctx->input(0).NumElements();
    for (int i = 1; i < 4; i++) {
      SERA_CHECK(ctx, ctx->input(i).NumElements() == n, "SeraAdamW: sizes differ");
    }
    SERA_CHECK(ctx, ctx->input(4).NumElements() == 10, "SeraAdamW: ten scalars");
    Tensor* done = nullptr;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, TensorShape({0}), &done));
    const float* s = Data(ctx->input(4));
    const float lr = s[0], b1 = s[1], b2 = s[2], eps = s[3], decay = s[4], factor = s[7];
    const float c1 = s[8], c2 = s[9];
    const float step = lr / s[5], root = 1.0f / std::sqrt(s[6]);
    float *p = MutableData(ctx->input(0)), *m = MutableData(ctx->input(1));
    float* v = MutableData(ctx->input(2));
    const float* g = Data(ctx->input(3));
    const int64_t block = 4096;
    ParallelFor(ctx, (n + block - 1) / block, block * 8, [&](int64_t first, int64_t last) {
      const int64_t from = first * block, size = std::min(n, last * block) - from;
      Row ps(p + from, size), ms(m + from, size), vs(v + from, size);
      ConstRow gs(g + from, size);
      ms = b1 * ms + c1 * factor * gs;
      vs = b2 * vs + c2 * (factor * gs).square();
      ps = ps * (1.0f - lr * decay) - step * ms / (vs.sqrt() * root + eps);
    });
  }
};

REGISTER_OP("SeraSumSquares").Input("x: float").Output("sum: float");

class SumSquares : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* ctx) override {
    const int64_t n = ctx->input(0).NumElements();
    const float* x = Data(ctx->input(0));
    Tensor* sum = nullptr;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, TensorShape({}), &sum));
    const int64_t block = 16384, blocks = (n + block - 1) / block;
    std::vector<double> partial(blocks, 0.0);
    ParallelFor(ctx, blocks, block, [&](int64_t first, int64_t last) {
      for (int64_t b = first; b < last; b++) {
        partial[b] = ConstRow(x + b * block, std::min(block, n - b * block)).square().sum();
      }
    });
    double total = 0;
    for (double value : partial) total += value;
    *Data(sum) = static_cast<float>(total);
  }
};

REGISTER_KERNEL_BUILDER(Name("SeraAdamW").Device(tensorflow::DEVICE_CPU), AdamW);
REGISTER_KERNEL_BUILDER(Name("SeraSumSquares").Device(tensorflow::DEVICE_CPU), SumSquares);

}  // namespace
}  // namespace sera
