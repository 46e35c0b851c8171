// Batched matrix products of many small matrices, one thread, float32.
//
// out[b] = left[b] · right[b] for left [b, m, k] and right [b, k, n] with any strides. Members are
// multiplied one after another in a fixed order of additions, so a member's product does not depend on its
// neighbors, bit by bit.

#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>
#include <torch/csrc/stable/tensor.h>

#include "product.h"

namespace {

using torch::stable::Tensor;

Tensor matmul(Tensor left, Tensor right) {
  const int64_t members = left.size(0), rows = left.size(1), depth = left.size(2), columns = right.size(2);
  STD_TORCH_CHECK(left.scalar_type() == torch::headeronly::ScalarType::Float &&
                      right.scalar_type() == torch::headeronly::ScalarType::Float,
                  "shoal::matmul: float32 only");
  STD_TORCH_CHECK(right.size(0) == members && right.size(1) == depth, "shoal::matmul: shapes do not fit");
  const int64_t sizes[] = {members, rows, columns};
  Tensor out = torch::stable::new_empty(left, torch::headeronly::IntHeaderOnlyArrayRef(sizes, 3));
  const float* a = static_cast<const float*>(left.data_ptr());
  const float* b = static_cast<const float*>(right.data_ptr());
  float* c = static_cast<float*>(out.data_ptr());
  for (int64_t member = 0; member < members; ++member)
    multiply(a + member * left.stride(0), left.stride(1), left.stride(2), b + member * right.stride(0),
             right.stride(1), right.stride(2), c + member * rows * columns, rows, depth, columns);
  return out;
}

// A copy that a compiler cannot see through: what it is given is computed once, not again in every loop
// that reads it. Inductor would otherwise compute a member's bias correction for each of its parameters.
Tensor once(Tensor value) { return torch::stable::clone(value); }

}  // namespace

STABLE_TORCH_LIBRARY(shoal, library) {
  library.def("matmul(Tensor left, Tensor right) -> Tensor");
  library.def("once(Tensor value) -> Tensor");
}
STABLE_TORCH_LIBRARY_IMPL(shoal, CPU, library) {
  library.impl("matmul", TORCH_BOX(&matmul));
  library.impl("once", TORCH_BOX(&once));
}
