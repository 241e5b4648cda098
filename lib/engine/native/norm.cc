// RMSNorm (Zhang and Sennrich 2019), with the residual addition fused in both directions.
#include "common.h"

namespace sera {
namespace {

REGISTER_OP("SeraRmsNorm")
    .Input("x: float").Input("delta: float").Input("weight: float")
    .Output("sum: float").Output("y: float").Output("inverse: float")
    .Attr("eps: float");

// sum = x + delta (delta may be empty: sum is then empty too and x is normalised);
// inverse = 1 / sqrt(mean(sum^2) + eps); y = sum * inverse * weight.
class RmsNorm : public OpKernel {
 public:
  explicit RmsNorm(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("eps", &eps_));
  }
  void Compute(OpKernelContext* ctx) override {
    const Tensor& x = ctx->input(0);
    const Tensor& delta = ctx->input(1);
    const Tensor& weight = ctx->input(2);
    const int64_t n = x.dim_size(0), d = x.dim_size(1);
    const bool add = delta.NumElements() > 0;
    SERA_CHECK(ctx, weight.NumElements() == d, "SeraRmsNorm: weight must have the row's width");
    SERA_CHECK(ctx, !add || delta.NumElements() == n * d, "SeraRmsNorm: delta must match x");
    Tensor *sum = nullptr, *y = nullptr, *inverse = nullptr;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, add ? x.shape() : TensorShape({0}), &sum));
    OP_REQUIRES_OK(ctx, ctx->allocate_output(1, x.shape(), &y));
    OP_REQUIRES_OK(ctx, ctx->allocate_output(2, TensorShape({n}), &inverse));
    const float *xs = Data(x), *ds = Data(delta);
    float *ss = Data(sum), *ys = Data(y), *is = Data(inverse);
    ConstRow w(Data(weight), d);
    ParallelFor(ctx, n, d * 3, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        const float* row = xs + i * d;
        if (add) {
          Row s(ss + i * d, d);
          s = ConstRow(row, d) + ConstRow(ds + i * d, d);
          row = ss + i * d;
        }
        ConstRow r(row, d);
        const float inv = 1.0f / std::sqrt(r.square().sum() / static_cast<float>(d) + eps_);
        is[i] = inv;
        Row(ys + i * d, d) = r * inv * w;
      }
    });
  }

 private:
  float eps_;
};

REGISTER_OP("SeraRmsNormGrad")
    .Input("dy: float").Input("x: float").Input("weight: float").Input("inverse: float")
    .Input("residual: float")
    .Output("dx: float").Output("dweight: float")
    .Attr("weight_grad: bool");

// dx = residual + inverse * (dy * w - x * inverse^2 * mean(dy * w * x)); dw = sum(dy * x * inverse).
class RmsNormGrad : public OpKernel {
 public:
  explicit RmsNormGrad(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("weight_grad", &weight_grad_));
  }
  void Compute(OpKernelContext* ctx) override {
    const Tensor& dy = ctx->input(0);
    const Tensor& x = ctx->input(1);
    const int64_t n = x.dim_size(0), d = x.dim_size(1);
    const bool add = ctx->input(4).NumElements() > 0;
    SERA_CHECK(ctx, dy.NumElements() == n * d, "SeraRmsNormGrad: dy must match x");
    SERA_CHECK(ctx, ctx->input(2).NumElements() == d,
               "SeraRmsNormGrad: weight must have the row's width");
    SERA_CHECK(ctx, ctx->input(3).NumElements() == n, "SeraRmsNormGrad: one inverse a row");
    SERA_CHECK(ctx, !add || ctx->input(4).NumElements() == n * d,
               "SeraRmsNormGrad: residual must match x");
    Tensor *dx = nullptr, *dw = nullptr;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, x.shape(), &dx));
    OP_REQUIRES_OK(ctx, ctx->allocate_output(1, TensorShape({weight_grad_ ? d : 0}), &dw));
    const float *dys = Data(dy), *xs = Data(x), *is = Data(ctx->input(3));
    const float* rs = add ? Data(ctx->input(4)) : nullptr;
    ConstRow w(Data(ctx->input(2)), d);
    float* dxs = Data(dx);
    // Blocks of fixed size, summed in order: the same bits for any number of threads.
    const int64_t block = 128, blocks = (n + block - 1) / block;
    std::vector<float> partial(weight_grad_ ? blocks * d : 0, 0.0f);
    ParallelFor(ctx, blocks, block * d * 5, [&](int64_t first, int64_t last) {
      for (int64_t b = first; b < last; b++) {
        for (int64_t i = b * block; i < std::min(n, (b + 1) * block); i++) {
          ConstRow g(dys + i * d, d), r(xs + i * d, d);
          const float inv = is[i];
          const float scale = (g * w * r).sum() * inv * inv * inv / static_cast<float>(d);
          Row out(dxs + i * d, d);
          if (rs) {
            out = ConstRow(rs + i * d, d) + g * w * inv - r * scale;
          } else {
            out = g * w * inv - r * scale;
          }
          if (weight_grad_) Row(partial.data() + b * d, d) += g * r * inv;
        }
      }
    });
    if (weight_grad_) {
      Row total(Data(dw), d);
      total.setZero();
      for (int64_t b = 0; b < blocks; b++) total += ConstRow(partial.data() + b * d, d);
    }
  }

 private:
  bool weight_grad_;
};

REGISTER_KERNEL_BUILDER(Name("SeraRmsNorm").Device(tensorflow::DEVICE_CPU), RmsNorm);
REGISTER_KERNEL_BUILDER(Name("SeraRmsNormGrad").Device(tensorflow::DEVICE_CPU), RmsNormGrad);

}  // namespace
}  // namespace sera
