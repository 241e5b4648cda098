// Rotary position embedding (Su et al. 2021) in the half-split layout of Hugging Face's Llama:
// component i of a head is paired with component i + headDim / 2.
#include "common.h"

namespace sera {
namespace {

REGISTER_OP("SeraRope")
    .Input("qkv: float").Input("cos: float").Input("sin: float").Input("positions: int32")
    .Output("rotated: float")
    .Attr("rotated_heads: int").Attr("head_dim: int").Attr("inverse: bool");

// Rotates the first `rotated_heads` heads (queries, then keys) of each row; the rest is copied.
class Rope : public OpKernel {
 public:
  explicit Rope(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("rotated_heads", &heads_));
    OP_REQUIRES_OK(c, c->GetAttr("head_dim", &head_dim_));
    OP_REQUIRES_OK(c, c->GetAttr("inverse", &inverse_));
  }
  void Compute(OpKernelContext* ctx) override {
    const Tensor& x = ctx->input(0);
    const int64_t n = x.dim_size(0), width = x.dim_size(1), half = head_dim_ / 2;
    const int64_t table = ctx->input(1).dim_size(0);
    SERA_CHECK(ctx, width >= heads_ * head_dim_, "SeraRope: rows are too short");
    for (int i = 1; i < 3; i++) {
      SERA_CHECK(ctx, ctx->input(i).NumElements() == table * half,
                 "SeraRope: cos and sin must be [P, hd/2]");
    }
    auto positions = ctx->input(3).flat<int32_t>();
    SERA_CHECK(ctx, positions.size() == n, "SeraRope: one position a row");
    for (int64_t i = 0; i < n; i++) {
      SERA_CHECK(ctx, positions(i) >= 0 && positions(i) < table, "SeraRope: position out of table");
    }
    Tensor* y = nullptr;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, x.shape(), &y));
    const float *xs = Data(x), *cosines = Data(ctx->input(1)), *sines = Data(ctx->input(2));
    float* ys = Data(y);
    const float sign = inverse_ ? -1.0f : 1.0f;
    ParallelFor(ctx, n, width * 2, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        ConstRow c(cosines + positions(i) * half, half), s(sines + positions(i) * half, half);
        for (int64_t h = 0; h < heads_; h++) {
          const float* in = xs + i * width + h * head_dim_;
          float* out = ys + i * width + h * head_dim_;
          ConstRow a(in, half), b(in + half, half);
          Row(out, half) = a * c - b * s * sign;
          Row(out + half, half) = b * c + a * s * sign;
        }
        std::copy(xs + i * width + heads_ * head_dim_, xs + (i + 1) * width,
                  ys + i * width + heads_ * head_dim_);
      }
    });
  }

 private:
  int64_t heads_, head_dim_;
  bool inverse_;
};

REGISTER_KERNEL_BUILDER(Name("SeraRope").Device(tensorflow::DEVICE_CPU), Rope);

}  // namespace
}  // namespace sera
