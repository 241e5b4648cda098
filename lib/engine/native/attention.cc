// Causal grouped-query attention over packed rows, without padding.
//
// Rows of `qkv` hold queries | keys | values of one token. `segments` is [S, 4]: queryStart,
// queryLength, prefixStart, prefixLength. The tokens of a segment see all of its prefix (rows that
// several segments may share: a prompt) and the segment itself up to their own position.
#include "attention_layout.h"
#include "common.h"

namespace sera {
namespace {

constexpr int64_t kQueryBlock = 64;

struct Segment {
  int64_t start, length, prefix_start, prefix_length;
};

bool ReadSegments(const Tensor& t, int64_t rows, std::vector<Segment>* out) {
  auto values = t.flat<int32_t>();
  if (values.size() % 4 != 0) return false;
  for (int64_t i = 0; i < values.size(); i += 4) {
    Segment s{values(i), values(i + 1), values(i + 2), values(i + 3)};
    if (s.start < 0 || s.length < 0 || s.start + s.length > rows) return false;
    if (s.prefix_start < 0 || s.prefix_length < 0 || s.prefix_start + s.prefix_length > rows) {
      return false;
    }
    out->push_back(s);
  }
  return true;
}

// scores[q, k] = scale * <query row, key row> for the prefix keys, then the segment's own keys up
// to the block's last row; the entries above the diagonal become -inf.
void Scores(const float* qkv, const Layout& l, const Segment& s, int64_t head, int64_t q0,
            int64_t rows, float scale, Matrix* scores) {
  const int64_t kv = head / (l.heads / l.kv_heads);
  const int64_t own = q0 + rows;
  scores->resize(rows, s.prefix_length + own);
  ConstStrided q(qkv + (s.start + q0) * l.width + head * l.head_dim, rows, l.head_dim,
                 Eigen::OuterStride<>(l.width));
  if (s.prefix_length > 0) {
    ConstStrided k(qkv + s.prefix_start * l.width + l.k(kv), s.prefix_length, l.head_dim,
                   Eigen::OuterStride<>(l.width));
    scores->leftCols(s.prefix_length).noalias() = scale * q * k.transpose();
  }
  ConstStrided k(qkv + s.start * l.width + l.k(kv), own, l.head_dim,
                 Eigen::OuterStride<>(l.width));
  scores->rightCols(own).noalias() = scale * q * k.transpose();
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = q0 + i + 1; j < own; j++) {
      (*scores)(i, s.prefix_length + j) = -std::numeric_limits<float>::infinity();
    }
    if (l.window > 0) {
      // Columns are positions of the sequence: the prefix, then the segment.
      const int64_t first = s.prefix_length + q0 + i + 1 - l.window;
      for (int64_t j = 0; j < first; j++) {
        (*scores)(i, j) = -std::numeric_limits<float>::infinity();
      }
    }
  }
}

REGISTER_OP("SeraAttention")
    .Input("qkv: float").Input("segments: int32")
    .Output("out: float").Output("lse: float")
    .Attr("heads: int").Attr("kv_heads: int").Attr("head_dim: int").Attr("window: int = 0");

// out[N, heads * head_dim]; lse[N, heads] = log-sum-exp of each query's scaled scores.
class Attention : public OpKernel {
 public:
  explicit Attention(OpKernelConstruction* c) : OpKernel(c) { ReadLayout(c, &l_); }
  void Compute(OpKernelContext* ctx) override {
    const Tensor& qkv = ctx->input(0);
    const int64_t n = qkv.dim_size(0);
    SERA_CHECK(ctx, qkv.dim_size(1) == l_.width, "SeraAttention: wrong row width");
    std::vector<Segment> segments;
    SERA_CHECK(ctx, ReadSegments(ctx->input(1), n, &segments), "SeraAttention: bad segments");
    Tensor *out = nullptr, *lse = nullptr;
    const int64_t out_width = l_.heads * l_.head_dim;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, TensorShape({n, out_width}), &out));
    OP_REQUIRES_OK(ctx, ctx->allocate_output(1, TensorShape({n, l_.heads}), &lse));
    const float* x = Data(qkv);
    float *o = Data(out), *e = Data(lse);
    const float scale = 1.0f / std::sqrt(static_cast<float>(l_.head_dim));
    int64_t cost = 1;
    for (const Segment& s : segments) {
      cost += s.length * (s.prefix_length + s.length / 2) * l_.head_dim / 4;
    }
    const int64_t units = segments.size() * l_.heads;
    ParallelFor(ctx, units, cost / std::max<int64_t>(1, segments.size()),
                [&](int64_t first, int64_t last) {
      Matrix p;
      for (int64_t unit = first; unit < last; unit++) {
        const Segment& s = segments[unit / l_.heads];
        const int64_t head = unit % l_.heads, kv = head / (l_.heads / l_.kv_heads);
        for (int64_t q0 = 0; q0 < s.length; q0 += kQueryBlock) {
          const int64_t rows = std::min(kQueryBlock, s.length - q0), own = q0 + rows;
          Scores(x, l_, s, head, q0, rows, scale, &p);
          for (int64_t i = 0; i < rows; i++) {
            auto row = p.row(i).array();
            const float top = row.maxCoeff();
            row = (row - top).exp();
            const float sum = row.sum();
            row *= 1.0f / sum;
            e[(s.start + q0 + i) * l_.heads + head] = top + std::log(sum);
          }
          Strided y(o + (s.start + q0) * out_width + head * l_.head_dim, rows, l_.head_dim,
                    Eigen::OuterStride<>(out_width));
          ConstStrided v(x + s.start * l_.width + l_.v(kv), own, l_.head_dim,
                         Eigen::OuterStride<>(l_.width));
          y.noalias() = p.rightCols(own) * v;
          if (s.prefix_length > 0) {
            ConstStrided pv(x + s.prefix_start * l_.width + l_.v(kv), s.prefix_length, l_.head_dim,
                            Eigen::OuterStride<>(l_.width));
            y.noalias() += p.leftCols(s.prefix_length) * pv;
          }
        }
      }
    });
  }

 private:
  Layout l_;
};

REGISTER_OP("SeraAttentionGrad")
    .Input("dout: float").Input("qkv: float").Input("out: float").Input("lse: float")
    .Input("segments: int32")
    .Output("dqkv: float")
    .Attr("heads: int").Attr("kv_heads: int").Attr("head_dim: int").Attr("window: int = 0");

class AttentionGrad : public OpKernel {
 public:
  explicit AttentionGrad(OpKernelConstruction* c) : OpKernel(c) { ReadLayout(c, &l_); }
  void Compute(OpKernelContext* ctx) override {
    const Tensor& qkv = ctx->input(1);
    const int64_t n = qkv.dim_size(0), out_width = l_.heads * l_.head_dim;
    SERA_CHECK(ctx, qkv.dim_size(1) == l_.width, "SeraAttentionGrad: wrong row width");
    SERA_CHECK(ctx, ctx->input(0).NumElements() == n * out_width, "SeraAttentionGrad: bad dout");
    SERA_CHECK(ctx, ctx->input(2).NumElements() == n * out_width, "SeraAttentionGrad: bad out");
    SERA_CHECK(ctx, ctx->input(3).NumElements() == n * l_.heads, "SeraAttentionGrad: bad lse");
    std::vector<Segment> segments;
    SERA_CHECK(ctx, ReadSegments(ctx->input(4), n, &segments), "SeraAttentionGrad: bad segments");
    Tensor* grad = nullptr;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, qkv.shape(), &grad));
    grad->flat<float>().setZero();
    const float *dout = Data(ctx->input(0)), *x = Data(qkv), *out = Data(ctx->input(2));
    const float* lse = Data(ctx->input(3));
    float* g = Data(grad);
    const float scale = 1.0f / std::sqrt(static_cast<float>(l_.head_dim));

    // Segments that share a prefix add to the same rows: one worker takes them all, in order.
    std::vector<std::vector<int64_t>> groups;
    std::vector<int64_t> group_of_row(n, -1);
    int64_t cost = 1;
    for (size_t i = 0; i < segments.size(); i++) {
      const Segment& s = segments[i];
      cost += s.length * (s.prefix_length + s.length / 2) * l_.head_dim;
      const int64_t row = s.prefix_length > 0 ? s.prefix_start : s.start;
      int64_t group = s.length > 0 || s.prefix_length > 0 ? group_of_row[row] : -1;
      if (group < 0) {
        group = groups.size();
        groups.emplace_back();
      }
      groups[group].push_back(i);
      for (int64_t r = 0; r < s.prefix_length; r++) group_of_row[s.prefix_start + r] = group;
      for (int64_t r = 0; r < s.length; r++) group_of_row[s.start + r] = group;
    }
    const int64_t per_kv = l_.heads / l_.kv_heads;
    ParallelFor(ctx, groups.size() * l_.kv_heads,
                cost * per_kv / std::max<int64_t>(1, groups.size()),
                [&](int64_t first, int64_t last) {
      Matrix p, dp;
      for (int64_t unit = first; unit < last; unit++) {
        const int64_t kv = unit % l_.kv_heads;
        for (int64_t index : groups[unit / l_.kv_heads]) {
          const Segment& s = segments[index];
          for (int64_t head = kv * per_kv; head < (kv + 1) * per_kv; head++) {
            for (int64_t q0 = 0; q0 < s.length; q0 += kQueryBlock) {
              Block(dout, x, out, lse, g, s, head, kv, q0, std::min(kQueryBlock, s.length - q0),
                    out_width, scale, &p, &dp);
            }
          }
        }
      }
    });
  }

 private:
  void Block(const float* dout, const float* x, const float* out, const float* lse, float* g,
             const Segment& s, int64_t head, int64_t kv, int64_t q0, int64_t rows,
             int64_t out_width, float scale, Matrix* p, Matrix* dp) {
    const int64_t own = q0 + rows, hd = l_.head_dim;
    const Eigen::OuterStride<> in_stride(l_.width), out_stride(out_width);
    Scores(x, l_, s, head, q0, rows, scale, p);
    const int64_t at = (s.start + q0) * out_width + head * hd;
    ConstStrided dy(dout + at, rows, hd, out_stride), y(out + at, rows, hd, out_stride);
    ConstStrided q(x + (s.start + q0) * l_.width + head * hd, rows, hd, in_stride);
    ConstStrided k(x + s.start * l_.width + l_.k(kv), own, hd, in_stride);
    ConstStrided v(x + s.start * l_.width + l_.v(kv), own, hd, in_stride);
    Strided dq(g + (s.start + q0) * l_.width + head * hd, rows, hd, in_stride);
    Strided dk(g + s.start * l_.width + l_.k(kv), own, hd, in_stride);
    Strided dv(g + s.start * l_.width + l_.v(kv), own, hd, in_stride);
    dp->resize(rows, s.prefix_length + own);
    dp->rightCols(own).noalias() = dy * v.transpose();
    if (s.prefix_length > 0) {
      ConstStrided pv(x + s.prefix_start * l_.width + l_.v(kv), s.prefix_length, hd, in_stride);
      dp->leftCols(s.prefix_length).noalias() = dy * pv.transpose();
    }
    for (int64_t i = 0; i < rows; i++) {
      auto prow = p->row(i).array();
      prow = (prow - lse[(s.start + q0 + i) * l_.heads + head]).exp();
      const float d = (dy.row(i).array() * y.row(i).array()).sum();
      dp->row(i).array() = prow * (dp->row(i).array() - d) * scale;
    }
    dq.noalias() += dp->rightCols(own) * k;
    dk.noalias() += dp->rightCols(own).transpose() * q;
    dv.noalias() += p->rightCols(own).transpose() * dy;
    if (s.prefix_length > 0) {
      ConstStrided pk(x + s.prefix_start * l_.width + l_.k(kv), s.prefix_length, hd, in_stride);
      Strided dpk(g + s.prefix_start * l_.width + l_.k(kv), s.prefix_length, hd, in_stride);
      Strided dpv(g + s.prefix_start * l_.width + l_.v(kv), s.prefix_length, hd, in_stride);
      dq.noalias() += dp->leftCols(s.prefix_length) * pk;
      dpk.noalias() += dp->leftCols(s.prefix_length).transpose() * q;
      dpv.noalias() += p->leftCols(s.prefix_length).transpose() * dy;
    }
  }
  Layout l_;
};

REGISTER_KERNEL_BUILDER(Name("SeraAttention").Device(tensorflow::DEVICE_CPU), Attention);
REGISTER_KERNEL_BUILDER(Name("SeraAttentionGrad").Device(tensorflow::DEVICE_CPU), AttentionGrad);

}  // namespace
}  // namespace sera
