// The recurrence of gated recurrent units, one thread, float32: networks/recurrence.py says what is computed.
//
// A member's whole sequence is done before the next member's, so that its weights, packed once, and its state
// stay in the cache; its numbers do not depend on its neighbors, bit by bit.

#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>
#include <torch/csrc/stable/tensor.h>

#include <bit>
#include <tuple>

#include "product.h"

namespace {

using torch::headeronly::ScalarType;
using torch::stable::Tensor;

// eˣ - 1 to some units in the last place: x = k ln 2 + r, |r| <= ln 2 / 2, and the series of eʳ - 1.
inline float expm1(float x) {
  x = x < -80.0f ? -80.0f : x;  // what is not a number stays
  x = x > 80.0f ? 80.0f : x;
  constexpr float round = 12582912.0f;  // 1.5 · 2²³: adding it leaves k in the last bits
  const float shifted = x * 1.44269504f + round, k = shifted - round;
  const float r = (x - k * 0.693359375f) + k * 2.12194440e-4f;  // ln 2 in two parts
  float series = 1.0f / 5040;
  series = series * r + 1.0f / 720;
  series = series * r + 1.0f / 120;
  series = series * r + 1.0f / 24;
  series = series * r + 1.0f / 6;
  series = series * r + 0.5f;
  series = series * r * r + r;
  const int32_t bits = (std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(round) + 127) << 23;
  const float power = std::bit_cast<float>(bits);
  return power * series + (power - 1.0f);
}

inline float sigmoid(float x) { return 1.0f / (2.0f + expm1(-x)); }

inline float tanh_of(float x) {
  const float grown = expm1(2.0f * x);
  return grown / (grown + 2.0f);
}

// One row's step. a: inputs' products [3H], b: the state's product [3H], before: state [H], or null for zeros.
void step(const float* __restrict a, const float* __restrict b, const float* __restrict bias_ih,
          const float* __restrict bias_hh, const float* __restrict before, float* __restrict state,
          float* __restrict gates, int64_t hidden) {
  for (int64_t j = 0; j < hidden; ++j) {
    const float r = sigmoid(a[j] + bias_ih[j] + b[j] + bias_hh[j]);
    const float z = sigmoid(a[hidden + j] + bias_ih[hidden + j] + b[hidden + j] + bias_hh[hidden + j]);
    const float b_n = b[2 * hidden + j] + bias_hh[2 * hidden + j];
    const float n = tanh_of(a[2 * hidden + j] + bias_ih[2 * hidden + j] + r * b_n);
    state[j] = n + z * (before[j] - n);
    gates[j] = r;
    gates[hidden + j] = z;
    gates[2 * hidden + j] = n;
    gates[3 * hidden + j] = b_n;
  }
}

// One row's way back. flowing [H]: the gradient by the state behind the step; then its part that needs no
// product with the weights. by_a, by_b [3H]: the gradients by both products.
void step_back(const float* __restrict gates, const float* __restrict before, float* __restrict flowing,
               float* __restrict by_a, float* __restrict by_b, float* __restrict by_bias_ih,
               float* __restrict by_bias_n, int64_t hidden) {
  for (int64_t j = 0; j < hidden; ++j) {
    const float r = gates[j], z = gates[hidden + j], n = gates[2 * hidden + j], b_n = gates[3 * hidden + j];
    const float by_n = flowing[j] * (1.0f - z) * (1.0f - n * n);
    const float by_z = flowing[j] * (before[j] - n) * z * (1.0f - z);
    const float by_r = by_n * b_n * r * (1.0f - r);
    by_a[j] = by_b[j] = by_r;
    by_a[hidden + j] = by_b[hidden + j] = by_z;
    by_a[2 * hidden + j] = by_n;
    by_b[2 * hidden + j] = by_n * r;
    by_bias_ih[j] += by_r;
    by_bias_ih[hidden + j] += by_z;
    by_bias_ih[2 * hidden + j] += by_n;
    by_bias_n[j] += by_n * r;
    flowing[j] *= z;
  }
}

Tensor checked(const Tensor& given, ScalarType type, const char* refused) {
  STD_TORCH_CHECK(given.scalar_type() == type, refused);
  return torch::stable::contiguous(given);
}

Tensor floats(const Tensor& given) { return checked(given, ScalarType::Float, "shoal::gru: float32 only"); }

Tensor made(const Tensor& like, std::initializer_list<int64_t> sizes) {
  return torch::stable::new_empty(like, torch::headeronly::IntHeaderOnlyArrayRef(sizes.begin(), sizes.size()));
}

float* numbers(const Tensor& of) { return static_cast<float*>(of.data_ptr()); }

std::tuple<Tensor, Tensor> gru(Tensor inputs, Tensor weight, Tensor bias_ih, Tensor bias_hh, Tensor kept) {
  inputs = floats(inputs), weight = floats(weight), bias_ih = floats(bias_ih), bias_hh = floats(bias_hh);
  kept = checked(kept, ScalarType::Bool, "shoal::gru: kept is bool");
  const int64_t members = inputs.size(0), length = inputs.size(1), rows = inputs.size(2), hidden = weight.size(2);
  STD_TORCH_CHECK(inputs.size(3) == 3 * hidden && weight.size(0) == members && weight.size(1) == 3 * hidden &&
                      bias_ih.numel() == members * 3 * hidden && bias_hh.numel() == members * 3 * hidden &&
                      kept.numel() == members * length * rows,
                  "shoal::gru: shapes do not fit");
  Tensor states = made(inputs, {members, length, rows, hidden});
  Tensor gates = made(inputs, {members, length, rows, 4 * hidden});
  const std::vector<float> zeros(rows * hidden);
  std::vector<float> product(rows * 3 * hidden);
  Packed packed(hidden, 3 * hidden);
  for (int64_t member = 0; member < members; ++member) {
    packed.take(numbers(weight) + member * 3 * hidden * hidden, 1, hidden);
    const float *to_a = numbers(bias_ih) + member * 3 * hidden, *to_b = numbers(bias_hh) + member * 3 * hidden;
    const float* before = zeros.data();
    for (int64_t at = member * length * rows; at < (member + 1) * length * rows; at += rows) {
      packed.multiply(before, rows, product.data(), false);
      for (int64_t row = 0; row < rows; ++row) {
        float *state = numbers(states) + (at + row) * hidden, *gate = numbers(gates) + (at + row) * 4 * hidden;
        if (static_cast<const bool*>(kept.data_ptr())[at + row]) {
          step(numbers(inputs) + (at + row) * 3 * hidden, product.data() + row * 3 * hidden, to_a, to_b,
               before + row * hidden, state, gate, hidden);
        } else {
          std::copy_n(before + row * hidden, hidden, state);
          std::fill_n(gate, 4 * hidden, 0.0f);
        }
      }
      before = numbers(states) + at * hidden;
    }
  }
  return {states, gates};
}

std::tuple<Tensor, Tensor, Tensor, Tensor> gru_backward(Tensor gradient, Tensor states, Tensor gates,
                                                        Tensor weight, Tensor kept) {
  gradient = floats(gradient), states = floats(states), gates = floats(gates), weight = floats(weight);
  kept = checked(kept, ScalarType::Bool, "shoal::gru_backward: kept is bool");
  const int64_t members = states.size(0), length = states.size(1), rows = states.size(2), hidden = states.size(3);
  STD_TORCH_CHECK(gradient.numel() == states.numel() && gates.numel() == 4 * states.numel() &&
                      weight.numel() == members * 3 * hidden * hidden && kept.numel() == members * length * rows,
                  "shoal::gru_backward: shapes do not fit");
  Tensor by_inputs = made(states, {members, length, rows, 3 * hidden});
  Tensor by_weight = made(states, {members, 3 * hidden, hidden});
  Tensor by_bias_ih = made(states, {members, 3 * hidden}), by_bias_hh = made(states, {members, 3 * hidden});
  const std::vector<float> zeros(rows * hidden);
  const int64_t together = std::max<int64_t>(1, ROWS_K / std::max<int64_t>(1, rows));  // steps of a product
  std::vector<float> flowing(rows * hidden), by_product(together * rows * 3 * hidden);
  Packed packed(3 * hidden, hidden);
  for (int64_t member = 0; member < members; ++member) {
    const int64_t begin = member * length * rows;  // the place of the member's first step and row
    float *to_weight = numbers(by_weight) + member * 3 * hidden * hidden;
    float *to_a = numbers(by_bias_ih) + member * 3 * hidden, *to_b = numbers(by_bias_hh) + member * 3 * hidden;
    packed.take(numbers(weight) + member * 3 * hidden * hidden, hidden, 1);
    std::fill_n(to_weight, 3 * hidden * hidden, 0.0f);
    std::fill_n(to_a, 3 * hidden, 0.0f);
    std::fill_n(to_b, 3 * hidden, 0.0f);
    std::fill(flowing.begin(), flowing.end(), 0.0f);
    for (int64_t end = length; end > 0; end -= together) {
      const int64_t first = std::max<int64_t>(0, end - together);
      for (int64_t now = end - 1; now >= first; --now) {
        const int64_t at = begin + now * rows;
        const float* before = now ? numbers(states) + (at - rows) * hidden : zeros.data();
        float* by_b = by_product.data() + (now - first) * rows * 3 * hidden;
        for (int64_t j = 0; j < rows * hidden; ++j) flowing[j] += numbers(gradient)[at * hidden + j];
        for (int64_t row = 0; row < rows; ++row) {
          float* by_a = numbers(by_inputs) + (at + row) * 3 * hidden;
          if (static_cast<const bool*>(kept.data_ptr())[at + row]) {
            step_back(numbers(gates) + (at + row) * 4 * hidden, before + row * hidden,
                      flowing.data() + row * hidden, by_a, by_b + row * 3 * hidden, to_a, to_b + 2 * hidden,
                      hidden);
          } else {
            std::fill_n(by_a, 3 * hidden, 0.0f);
            std::fill_n(by_b + row * 3 * hidden, 3 * hidden, 0.0f);
          }
        }
        if (now) packed.multiply(by_b, rows, flowing.data(), true);
      }
      const int64_t from = std::max<int64_t>(1, first);  // the first step's state before is zero
      multiply(by_product.data() + (from - first) * rows * 3 * hidden, 1, 3 * hidden,
               numbers(states) + (begin + (from - 1) * rows) * hidden, hidden, 1, to_weight, 3 * hidden,
               (end - from) * rows, hidden, true);
    }
    std::copy_n(to_a, 2 * hidden, to_b);  // r and z see the sum of both products
  }
  return {by_inputs, by_weight, by_bias_ih, by_bias_hh};
}

}  // namespace

STABLE_TORCH_LIBRARY_FRAGMENT(shoal, library) {
  library.def("gru(Tensor inputs, Tensor weight, Tensor bias_ih, Tensor bias_hh, Tensor kept) -> (Tensor, Tensor)");
  library.def(
      "gru_backward(Tensor gradient, Tensor states, Tensor gates, Tensor weight, Tensor kept)"
      " -> (Tensor, Tensor, Tensor, Tensor)");
}
STABLE_TORCH_LIBRARY_IMPL(shoal, CPU, library) {
  library.impl("gru", TORCH_BOX(&gru));
  library.impl("gru_backward", TORCH_BOX(&gru_backward));
}
