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

struct Sizes {
  int64_t length, rows, hidden;
  int64_t places() const { return length * rows; }  // of one member
};

// One member's states [length, rows, H] and gates [length, rows, 4H]. packed: weights as right factor [H, 3H].
void forward(const Sizes& sizes, const Packed& packed, const float* inputs, const float* bias_ih,
             const float* bias_hh, const bool* kept, float* states, float* gates) {
  const int64_t rows = sizes.rows, hidden = sizes.hidden;
  const std::vector<float> zeros(rows * hidden);
  std::vector<float> product(rows * 3 * hidden);
  const float* before = zeros.data();
  for (int64_t at = 0; at < sizes.places(); at += rows) {
    packed.multiply(before, rows, product.data(), false);
    for (int64_t row = 0; row < rows; ++row) {
      float *state = states + (at + row) * hidden, *gate = gates + (at + row) * 4 * hidden;
      if (kept[at + row]) {
        step(inputs + (at + row) * 3 * hidden, product.data() + row * 3 * hidden, bias_ih, bias_hh,
             before + row * hidden, state, gate, hidden);
      } else {
        std::copy_n(before + row * hidden, hidden, state);
        std::fill_n(gate, 4 * hidden, 0.0f);
      }
    }
    before = states + at * hidden;
  }
}

// One member's gradients, from that by its states. packed: weights as right factor [3H, H].
void backward(const Sizes& sizes, const Packed& packed, const float* gradient, const float* states,
              const float* gates, const bool* kept, float* by_inputs, float* by_weight, float* by_bias_ih,
              float* by_bias_hh) {
  const int64_t rows = sizes.rows, hidden = sizes.hidden, wide = 3 * hidden;
  const int64_t together = std::max<int64_t>(1, ROWS_K / std::max<int64_t>(1, rows));  // steps of a product
  const std::vector<float> zeros(rows * hidden);
  std::vector<float> flowing(rows * hidden), by_product(together * rows * wide);
  for (int64_t end = sizes.length; end > 0; end -= together) {
    const int64_t first = std::max<int64_t>(0, end - together);
    for (int64_t now = end - 1; now >= first; --now) {
      const int64_t at = now * rows;
      const float* before = now ? states + (at - rows) * hidden : zeros.data();
      float* by_b = by_product.data() + (now - first) * rows * wide;
      for (int64_t j = 0; j < rows * hidden; ++j) flowing[j] += gradient[at * hidden + j];
      for (int64_t row = 0; row < rows; ++row) {
        float *by_a = by_inputs + (at + row) * wide, *by_b_of_row = by_b + row * wide;
        if (kept[at + row]) {
          step_back(gates + (at + row) * 4 * hidden, before + row * hidden, flowing.data() + row * hidden, by_a,
                    by_b_of_row, by_bias_ih, by_bias_hh + 2 * hidden, hidden);
        } else {
          std::fill_n(by_a, wide, 0.0f);
          std::fill_n(by_b_of_row, wide, 0.0f);
        }
      }
      if (now) packed.multiply(by_b, rows, flowing.data(), true);
    }
    const int64_t from = std::max<int64_t>(1, first);  // before the first step the state is zero
    multiply(by_product.data() + (from - first) * rows * wide, 1, wide, states + (from - 1) * rows * hidden,
             hidden, 1, by_weight, wide, (end - from) * rows, hidden, true);
  }
  std::copy_n(by_bias_ih, 2 * hidden, by_bias_hh);  // r and z see the sum of both products
}

Tensor checked(const Tensor& given, ScalarType type, const char* refused) {
  STD_TORCH_CHECK(given.scalar_type() == type, refused);
  return torch::stable::contiguous(given);
}

Tensor floats(const Tensor& given) { return checked(given, ScalarType::Float, "shoal::gru: float32 only"); }

float* numbers(const Tensor& of) { return static_cast<float*>(of.data_ptr()); }

const bool* truths(const Tensor& of) { return static_cast<const bool*>(of.data_ptr()); }

std::tuple<Tensor, Tensor> gru(Tensor inputs, Tensor weight, Tensor bias_ih, Tensor bias_hh, Tensor kept) {
  inputs = floats(inputs), weight = floats(weight), bias_ih = floats(bias_ih), bias_hh = floats(bias_hh);
  kept = checked(kept, ScalarType::Bool, "shoal::gru: kept is bool");
  const Sizes sizes{inputs.size(1), inputs.size(2), weight.size(2)};
  const int64_t members = inputs.size(0), hidden = sizes.hidden, wide = 3 * hidden;
  STD_TORCH_CHECK(inputs.size(3) == wide && weight.numel() == members * wide * hidden &&
                      bias_ih.numel() == members * wide && bias_hh.numel() == members * wide &&
                      kept.numel() == members * sizes.places(),
                  "shoal::gru: shapes do not fit");
  const int64_t states_size[] = {members, sizes.length, sizes.rows, hidden};
  const int64_t gates_size[] = {members, sizes.length, sizes.rows, 4 * hidden};
  Tensor states = torch::stable::new_empty(inputs, {states_size, 4});
  Tensor gates = torch::stable::new_empty(inputs, {gates_size, 4});
  Packed packed(hidden, wide);
  for (int64_t member = 0; member < members; ++member) {
    const int64_t at = member * sizes.places();
    packed.take(numbers(weight) + member * wide * hidden, 1, hidden);
    forward(sizes, packed, numbers(inputs) + at * wide, numbers(bias_ih) + member * wide,
            numbers(bias_hh) + member * wide, truths(kept) + at, numbers(states) + at * hidden,
            numbers(gates) + at * 4 * hidden);
  }
  return {states, gates};
}

std::tuple<Tensor, Tensor, Tensor, Tensor> gru_backward(Tensor gradient, Tensor states, Tensor gates,
                                                        Tensor weight, Tensor kept) {
  gradient = floats(gradient), states = floats(states), gates = floats(gates), weight = floats(weight);
  kept = checked(kept, ScalarType::Bool, "shoal::gru_backward: kept is bool");
  const Sizes sizes{states.size(1), states.size(2), states.size(3)};
  const int64_t members = states.size(0), hidden = sizes.hidden, wide = 3 * hidden;
  STD_TORCH_CHECK(gradient.numel() == states.numel() && gates.numel() == 4 * states.numel() &&
                      weight.numel() == members * wide * hidden && kept.numel() == members * sizes.places(),
                  "shoal::gru_backward: shapes do not fit");
  const int64_t inputs_size[] = {members, sizes.length, sizes.rows, wide};
  const int64_t bias_size[] = {members, wide}, weight_size[] = {members, wide, hidden};
  Tensor by_inputs = torch::stable::new_empty(states, {inputs_size, 4});
  Tensor by_weight = torch::stable::new_zeros(states, {weight_size, 3});
  Tensor by_bias_ih = torch::stable::new_zeros(states, {bias_size, 2});
  Tensor by_bias_hh = torch::stable::new_zeros(states, {bias_size, 2});
  Packed packed(wide, hidden);
  for (int64_t member = 0; member < members; ++member) {
    const int64_t at = member * sizes.places();
    packed.take(numbers(weight) + member * wide * hidden, hidden, 1);
    backward(sizes, packed, numbers(gradient) + at * hidden, numbers(states) + at * hidden,
             numbers(gates) + at * 4 * hidden, truths(kept) + at, numbers(by_inputs) + at * wide,
             numbers(by_weight) + member * wide * hidden, numbers(by_bias_ih) + member * wide,
             numbers(by_bias_hh) + member * wide);
  }
  return {by_inputs, by_weight, by_bias_ih, by_bias_hh};
}

}  // namespace

STABLE_TORCH_LIBRARY_FRAGMENT(shoal, library) {
  library.def(
      "gru(Tensor inputs, Tensor weight, Tensor bias_ih, Tensor bias_hh, Tensor kept) -> (Tensor, Tensor)");
  library.def(
      "gru_backward(Tensor gradient, Tensor states, Tensor gates, Tensor weight, Tensor kept)"
      " -> (Tensor, Tensor, Tensor, Tensor)");
}
STABLE_TORCH_LIBRARY_IMPL(shoal, CPU, library) {
  library.impl("gru", TORCH_BOX(&gru));
  library.impl("gru_backward", TORCH_BOX(&gru_backward));
}
