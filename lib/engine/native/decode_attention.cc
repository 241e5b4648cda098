// Attention of one new token for each of B responses. `prompt` holds the rotated qkv rows of the
// prompts (responses of one prompt share them), `spans` [B, 2] their start and length, `cache`
// [B, G, 2 * kv_heads * head_dim] the keys | values generated so far. Writes the new token's
// key and value into cache[:, step] IN PLACE, then attends to prompt and cache[:, 0..step].
#include "attention_layout.h"
#include "common.h"

namespace sera {
namespace {

REGISTER_OP("SeraDecodeAttention")
    .Input("qkv: float").Input("prompt: float").Input("cache: float").Input("spans: int32")
    .Output("out: float")
    .Attr("heads: int").Attr("kv_heads: int").Attr("head_dim: int").Attr("step: int")
    .Attr("window: int = 0");

class DecodeAttention : public OpKernel {
 public:
  explicit DecodeAttention(OpKernelConstruction* c) : OpKernel(c) {
    ReadLayout(c, &l_);
    OP_REQUIRES_OK(c, c->GetAttr("step", &step_));
  }
  void Compute(OpKernelContext* ctx) override {
    const Tensor &qkv = ctx->input(0), &prompt = ctx->input(1), &cache = ctx->input(2);
    const int64_t batch = qkv.dim_size(0), room = cache.dim_size(1), hd = l_.head_dim;
    const int64_t kv_width = 2 * l_.kv_heads * hd, out_width = l_.heads * hd;
    SERA_CHECK(ctx, qkv.dim_size(1) == l_.width && prompt.dim_size(1) == l_.width,
               "SeraDecodeAttention: wrong row width");
    SERA_CHECK(ctx, cache.dim_size(0) == batch && cache.dim_size(2) == kv_width,
               "SeraDecodeAttention: wrong cache shape");
    SERA_CHECK(ctx, step_ < room, "SeraDecodeAttention: the cache is full");
    auto spans = ctx->input(3).flat<int32_t>();
    SERA_CHECK(ctx, spans.size() == batch * 2, "SeraDecodeAttention: spans must be [B, 2]");
    for (int64_t b = 0; b < batch; b++) {
      SERA_CHECK(ctx, spans(2 * b) >= 0 && spans(2 * b + 1) >= 0 &&
                 spans(2 * b) + spans(2 * b + 1) <= prompt.dim_size(0),
                 "SeraDecodeAttention: a span leaves the prompt rows");
    }
    Tensor* out = nullptr;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, TensorShape({batch, out_width}), &out));
    const float *x = Data(qkv), *pr = Data(prompt);
    float *ca = MutableData(cache), *o = Data(out);
    const float scale = 1.0f / std::sqrt(static_cast<float>(hd));
    const int64_t per_kv = l_.heads / l_.kv_heads, own = step_ + 1;
    int64_t longest = own;
    for (int64_t b = 0; b < batch; b++) longest = std::max<int64_t>(longest, spans(2 * b + 1) + own);
    for (int64_t b = 0; b < batch; b++) {
      std::copy(x + b * l_.width + l_.k(0), x + (b + 1) * l_.width,
                ca + (b * room + step_) * kv_width);
    }
    ParallelFor(ctx, batch * l_.kv_heads, longest * hd * per_kv, [&](int64_t first, int64_t last) {
      Matrix p;
      for (int64_t unit = first; unit < last; unit++) {
        const int64_t b = unit / l_.kv_heads, kv = unit % l_.kv_heads;
        const int64_t start = spans(2 * b), length = spans(2 * b + 1);
        const Eigen::OuterStride<> in_stride(l_.width), cache_stride(kv_width);
        Eigen::Map<const Matrix> q(x + b * l_.width + kv * per_kv * hd, per_kv, hd);
        ConstStrided pk(pr + start * l_.width + l_.k(kv), length, hd, in_stride);
        ConstStrided pv(pr + start * l_.width + l_.v(kv), length, hd, in_stride);
        const float* own_rows = ca + b * room * kv_width;
        ConstStrided k(own_rows + kv * hd, own, hd, cache_stride);
        ConstStrided v(own_rows + (l_.kv_heads + kv) * hd, own, hd, cache_stride);
        p.resize(per_kv, length + own);
        p.leftCols(length).noalias() = scale * q * pk.transpose();
        p.rightCols(own).noalias() = scale * q * k.transpose();
        const int64_t hidden = l_.window > 0 ? length + own - l_.window : 0;
        if (hidden > 0) {
          p.leftCols(hidden).setConstant(-std::numeric_limits<float>::infinity());
        }
        for (int64_t i = 0; i < per_kv; i++) {
          auto row = p.row(i).array();
          row = (row - row.maxCoeff()).exp();
          row *= 1.0f / row.sum();
        }
        Eigen::Map<Matrix> y(o + b * out_width + kv * per_kv * hd, per_kv, hd);
        y.noalias() = p.rightCols(own) * v;
        y.noalias() += p.leftCols(length) * pv;
      }
    });
  }

 private:
  Layout l_;
  int64_t step_;
};

REGISTER_KERNEL_BUILDER(Name("SeraDecodeAttention").Device(tensorflow::DEVICE_CPU), DecodeAttention);

}  // namespace
}  // namespace sera
