// Shared by the fused CPU kernels: register-free helpers and the row scheduler.
#ifndef SERA_NATIVE_COMMON_H_
#define SERA_NATIVE_COMMON_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "Eigen/Core"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/lib/core/threadpool.h"

namespace sera {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Strided = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;
using ConstStrided = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;
using Row = Eigen::Map<Eigen::ArrayXf>;
using ConstRow = Eigen::Map<const Eigen::ArrayXf>;

inline const float* Data(const Tensor& t) { return t.flat<float>().data(); }
inline float* Data(Tensor* t) { return t->flat<float>().data(); }
// For the few kernels documented as updating their input in place.
inline float* MutableData(const Tensor& t) { return const_cast<float*>(t.flat<float>().data()); }

// Runs body(first, last) over blocks of [0, count). `cost` is cycles an item. The split never
// changes what one item computes, so results do not depend on the number of threads.
inline void ParallelFor(OpKernelContext* ctx, int64_t count, int64_t cost,
                        const std::function<void(int64_t, int64_t)>& body) {
  if (count <= 0) return;
  auto* threads = ctx->device()->tensorflow_cpu_worker_threads();
  if (threads->num_threads <= 1 || count * cost < 20000) {
    body(0, count);
  } else {
    threads->workers->ParallelFor(count, cost, body);
  }
}

#define SERA_CHECK(ctx, condition, message) \
  OP_REQUIRES(ctx, condition, absl::InvalidArgumentError(message))

}  // namespace sera

#endif  // SERA_NATIVE_COMMON_H_
