// Batched matrix products of many small matrices, one thread, float32.
//
// out[b] = left[b] · right[b] for left [b, m, k] and right [b, k, n] with any strides. Members are multiplied one after another in a fixed
// order of additions, so a member's product does not depend on its neighbors, bit by bit.
//
// The register tile follows Goto & van de Geijn 2008 (Anatomy of high-performance matrix multiplication,
// ACM TOMS 34:12): a panel of `right`, ROWS_K deep and two vectors wide, is copied (transposed if need
// be) into a small buffer, and tiles of up to TILE rows of `left` are multiplied with it. `left` is read
// in place: small matrices stay in the second-level cache.

#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>
#include <torch/csrc/stable/tensor.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#define LANES 16
#define TILE 12
#elif defined(__AVX__)
#define LANES 8
#define TILE 6
#else
#define LANES 4
#define TILE 6
#endif

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t lanes __attribute__((vector_size(LANES * 4)));
typedef float vec_unaligned __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

namespace {

constexpr int64_t ROWS_K = 256;
alignas(64) thread_local float panel[ROWS_K * 2 * LANES];

inline vec load(const float* from) { return *reinterpret_cast<const vec_unaligned*>(from); }
inline void save(float* to, vec value) { *reinterpret_cast<vec_unaligned*>(to) = value; }

// Transposes LANES vectors in registers: stage `half` swaps blocks of that size across the diagonal.
inline void transpose(vec (&rows)[LANES]) {
#pragma GCC unroll 4
  for (int half = LANES / 2; half >= 1; half /= 2) {
    lanes low, high;
    for (int lane = 0; lane < LANES; ++lane) {
      const bool upper = lane & half;
      low[lane] = upper ? lane - half + LANES : lane;
      high[lane] = upper ? lane + LANES : lane + half;
    }
#pragma GCC unroll 16
    for (int row = 0; row < LANES; ++row) {
      if (row & half) continue;
      const vec first = rows[row], second = rows[row + half];
      rows[row] = __builtin_shuffle(first, second, low);
      rows[row + half] = __builtin_shuffle(first, second, high);
    }
  }
}

// Copies right[k, columns] into the panel as [k][NV * LANES], zeros beyond `columns`.
template <int NV>
void pack(const float* right, int64_t by_k, int64_t by_column, int64_t depth, int64_t columns) {
  constexpr int64_t width = NV * LANES;
  if (by_column == 1 && columns == width) {
    for (int64_t k = 0; k < depth; ++k)
      for (int v = 0; v < NV; ++v) save(panel + k * width + v * LANES, load(right + k * by_k + v * LANES));
    return;
  }
  for (int v = 0; v < NV; ++v) {
    const int64_t first = v * LANES, here = std::min<int64_t>(LANES, columns - first);
    int64_t k = 0;
    if (by_k == 1 && here > 0) {
      for (; k + LANES <= depth; k += LANES) {
        vec rows[LANES];
#pragma GCC unroll 16
        for (int lane = 0; lane < LANES; ++lane)
          rows[lane] = lane < here ? load(right + (first + lane) * by_column + k) : vec{};
        transpose(rows);
#pragma GCC unroll 16
        for (int lane = 0; lane < LANES; ++lane) save(panel + (k + lane) * width + first, rows[lane]);
      }
    }
    for (; k < depth; ++k)
      for (int64_t lane = 0; lane < LANES; ++lane)
        panel[k * width + first + lane] = lane < here ? right[k * by_k + (first + lane) * by_column] : 0.0f;
  }
}

// out[ROWS, columns] (+)= left[ROWS, depth] · panel[depth, NV * LANES].
template <int ROWS, int NV>
void tile(const float* left, int64_t by_row, int64_t by_k, int64_t depth, float* out, int64_t out_row,
          int64_t columns, bool add) {
  vec sum[ROWS][NV];
#pragma GCC unroll 16
  for (int row = 0; row < ROWS; ++row)
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) sum[row][v] = vec{};
  const float* right = panel;
  for (int64_t k = 0; k < depth; ++k, right += NV * LANES, left += by_k) {
    vec columns_of_right[NV];
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) columns_of_right[v] = load(right + v * LANES);
#pragma GCC unroll 16
    for (int row = 0; row < ROWS; ++row) {
      const float scalar = left[row * by_row];
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) sum[row][v] += scalar * columns_of_right[v];
    }
  }
#pragma GCC unroll 16
  for (int row = 0; row < ROWS; ++row) {
    float* to = out + row * out_row;
    if (columns == NV * LANES) {
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v)
        save(to + v * LANES, add ? load(to + v * LANES) + sum[row][v] : sum[row][v]);
    } else {
      float values[NV * LANES];
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) save(values + v * LANES, sum[row][v]);
      for (int64_t column = 0; column < columns; ++column)
        to[column] = add ? to[column] + values[column] : values[column];
    }
  }
}

template <int ROWS, int NV>
void tile_of(int64_t rows, const float* left, int64_t by_row, int64_t by_k, int64_t depth, float* out,
             int64_t out_row, int64_t columns, bool add) {
  if (rows == ROWS) return tile<ROWS, NV>(left, by_row, by_k, depth, out, out_row, columns, add);
  if constexpr (ROWS > 1) tile_of<ROWS - 1, NV>(rows, left, by_row, by_k, depth, out, out_row, columns, add);
}

template <int NV>
void columns_of(const float* left, int64_t by_row, int64_t left_k, const float* right, int64_t right_k,
                int64_t by_column, float* out, int64_t rows, int64_t depth, int64_t out_row,
                int64_t columns) {
  const int64_t tiles = (rows + TILE - 1) / TILE;
  for (int64_t k = 0; k < depth; k += ROWS_K) {
    const int64_t here = std::min(ROWS_K, depth - k);
    pack<NV>(right + k * right_k, right_k, by_column, here, columns);
    for (int64_t i = 0; i < tiles; ++i) {  // tiles of nearly equal height: a thin last one wastes registers
      const int64_t first = i * rows / tiles, last = (i + 1) * rows / tiles;
      tile_of<TILE, NV>(last - first, left + first * by_row + k * left_k, by_row, left_k, here,
                        out + first * out_row, out_row, columns, k > 0);
    }
  }
}

void multiply(const float* left, int64_t by_row, int64_t left_k, const float* right, int64_t right_k,
              int64_t by_column, float* out, int64_t rows, int64_t depth, int64_t columns) {
  if (depth == 0) std::memset(out, 0, sizeof(float) * rows * columns);
  for (int64_t j = 0; j < columns;) {
    const int64_t left_over = columns - j, width = left_over > LANES ? 2 * LANES : LANES;
    const int64_t here = std::min(width, left_over);
    if (width == LANES)
      columns_of<1>(left, by_row, left_k, right + j * by_column, right_k, by_column, out + j, rows, depth,
                    columns, here);
    else
      columns_of<2>(left, by_row, left_k, right + j * by_column, right_k, by_column, out + j, rows, depth,
                    columns, here);
    j += here;
  }
}

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
