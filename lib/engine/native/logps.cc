// Log-probabilities of target tokens, and what their gradient needs, in one pass over the logits.
#include "common.h"

namespace sera {
namespace {

REGISTER_OP("SeraTokenLogps")
    .Input("logits: float").Input("targets: int32").Output("logps: float")
    .Attr("residual: bool");

// logps[m] = log softmax(logits[m])[targets[m]]. With `residual`, logits becomes, IN PLACE,
// onehot(target) - softmax: the gradient of logps[m] in logits[m].
class TokenLogps : public OpKernel {
 public:
  explicit TokenLogps(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("residual", &residual_));
  }
  void Compute(OpKernelContext* ctx) override {
    const Tensor& logits = ctx->input(0);
    const int64_t m = logits.dim_size(0), v = logits.dim_size(1);
    auto targets = ctx->input(1).flat<int32_t>();
    SERA_CHECK(ctx, targets.size() == m, "SeraTokenLogps: one target a row");
    for (int64_t i = 0; i < m; i++) {
      SERA_CHECK(ctx, targets(i) >= 0 && targets(i) < v, "SeraTokenLogps: target out of vocabulary");
    }
    Tensor* logps = nullptr;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, TensorShape({m}), &logps));
    float *x = MutableData(logits), *out = Data(logps);
    ParallelFor(ctx, m, v * 6, [&](int64_t first, int64_t last) {
      Eigen::ArrayXf buffer(residual_ ? 0 : std::min<int64_t>(v, 4096));
      for (int64_t i = first; i < last; i++) {
        Row row(x + i * v, v);
        const float target = row[targets(i)], top = row.maxCoeff();
        if (residual_) {
          row = (row - top).exp();
          // Partial sums keep 50,000 float additions accurate.
          double sum = 0;
          for (int64_t j = 0; j < v; j += 4096) {
            sum += row.segment(j, std::min<int64_t>(4096, v - j)).sum();
          }
          row *= static_cast<float>(-1.0 / sum);
          row[targets(i)] += 1.0f;
          out[i] = static_cast<float>(target - top - std::log(sum));
        } else {
          double sum = 0;
          for (int64_t j = 0; j < v; j += 4096) {
            const int64_t size = std::min<int64_t>(4096, v - j);
            buffer.head(size) = (row.segment(j, size) - top).exp();
            sum += buffer.head(size).sum();
          }
          out[i] = static_cast<float>(target - top - std::log(sum));
        }
      }
    });
  }

 private:
  bool residual_;
};

REGISTER_KERNEL_BUILDER(Name("SeraTokenLogps").Device(tensorflow::DEVICE_CPU), TokenLogps);

}  // namespace
}  // namespace sera
