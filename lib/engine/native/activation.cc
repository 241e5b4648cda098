// SwiGLU (Shazeer 2020): silu(gate) * up on a [N, 2F] tensor that holds gate | up.
#include "common.h"

namespace sera {
namespace {

REGISTER_OP("SeraSwiglu").Input("gate_up: float").Output("y: float");
REGISTER_OP("SeraSwigluGrad").Input("dy: float").Input("gate_up: float").Output("dgate_up: float");

class Swiglu : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* ctx) override {
    const Tensor& x = ctx->input(0);
    const int64_t n = x.dim_size(0), f = x.dim_size(1) / 2;
    Tensor* y = nullptr;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, TensorShape({n, f}), &y));
    const float* xs = Data(x);
    float* ys = Data(y);
    ParallelFor(ctx, n, f * 12, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        ConstRow g(xs + i * 2 * f, f), u(xs + i * 2 * f + f, f);
        Row(ys + i * f, f) = g / (1.0f + (-g).exp()) * u;
      }
    });
  }
};

class SwigluGrad : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* ctx) override {
    const Tensor& dy = ctx->input(0);
    const Tensor& x = ctx->input(1);
    const int64_t n = x.dim_size(0), f = x.dim_size(1) / 2;
    SERA_CHECK(ctx, dy.NumElements() == n * f, "SeraSwigluGrad: dy must be [N, F]");
    Tensor* dx = nullptr;
    OP_REQUIRES_OK(ctx, ctx->allocate_output(0, x.shape(), &dx));
    const float *xs = Data(x), *dys = Data(dy);
    float* dxs = Data(dx);
    ParallelFor(ctx, n, f * 16, [&](int64_t first, int64_t last) {
      Eigen::ArrayXf s(f);
      for (int64_t i = first; i < last; i++) {
        ConstRow g(xs + i * 2 * f, f), u(xs + i * 2 * f + f, f), d(dys + i * f, f);
        s = 1.0f / (1.0f + (-g).exp());
        Row(dxs + i * 2 * f, f) = d * u * s * (1.0f + g * (1.0f - s));
        Row(dxs + i * 2 * f + f, f) = d * g * s;
      }
    });
  }
};

REGISTER_KERNEL_BUILDER(Name("SeraSwiglu").Device(tensorflow::DEVICE_CPU), Swiglu);
REGISTER_KERNEL_BUILDER(Name("SeraSwigluGrad").Device(tensorflow::DEVICE_CPU), SwigluGrad);

}  // namespace
}  // namespace sera
