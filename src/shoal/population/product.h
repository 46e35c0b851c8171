// Products of small matrices, one thread, float32: what the operators beside share.
//
// The register tile follows Goto & van de Geijn 2008 (Anatomy of high-performance matrix multiplication,
// ACM TOMS 34:12): a panel of `right`, ROWS_K deep and two vectors wide, is copied (transposed if need
// be) into a small buffer, and tiles of up to TILE rows of `left` are multiplied with it. `left` is read
// in place: small matrices stay in the second-level cache.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

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

// Copies right[k, columns] into a panel as [k][NV * LANES], zeros beyond `columns`.
template <int NV>
void pack(const float* right, int64_t by_k, int64_t by_column, int64_t depth, int64_t columns, float* panel) {
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

// out[ROWS, columns] (+)= left[ROWS, depth] · right[depth, NV * LANES], a panel.
template <int ROWS, int NV>
void tile(const float* left, int64_t by_row, int64_t by_k, int64_t depth, const float* right, float* out,
          int64_t out_row, int64_t columns, bool add) {
  vec sum[ROWS][NV];
#pragma GCC unroll 16
  for (int row = 0; row < ROWS; ++row)
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) sum[row][v] = vec{};
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
void tile_of(int64_t rows, const float* left, int64_t by_row, int64_t by_k, int64_t depth, const float* right,
             float* out, int64_t out_row, int64_t columns, bool add) {
  if (rows == ROWS) return tile<ROWS, NV>(left, by_row, by_k, depth, right, out, out_row, columns, add);
  if constexpr (ROWS > 1)
    tile_of<ROWS - 1, NV>(rows, left, by_row, by_k, depth, right, out, out_row, columns, add);
}

// Tiles of nearly equal height below each other: a thin last one wastes registers.
template <int NV>
void tiles(int64_t rows, const float* left, int64_t by_row, int64_t by_k, int64_t depth, const float* right,
           float* out, int64_t out_row, int64_t columns, bool add) {
  const int64_t count = (rows + TILE - 1) / TILE;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = i * rows / count, last = (i + 1) * rows / count;
    tile_of<TILE, NV>(last - first, left + first * by_row, by_row, by_k, depth, right, out + first * out_row,
                      out_row, columns, add);
  }
}

template <int NV>
void columns_of(const float* left, int64_t by_row, int64_t left_k, const float* right, int64_t right_k,
                int64_t by_column, float* out, int64_t rows, int64_t depth, int64_t out_row,
                int64_t columns, bool add) {
  alignas(64) static thread_local float panel[ROWS_K * 2 * LANES];
  for (int64_t k = 0; k < depth; k += ROWS_K) {
    const int64_t here = std::min(ROWS_K, depth - k);
    pack<NV>(right + k * right_k, right_k, by_column, here, columns, panel);
    tiles<NV>(rows, left + k * left_k, by_row, left_k, here, panel, out, out_row, columns, add || k > 0);
  }
}

// Calls work(first column, columns, one or two vectors of them) for each panel of a matrix.
template <class Work>
void panels(int64_t columns, Work work) {
  for (int64_t j = 0; j < columns;) {
    const int64_t left_over = columns - j, width = left_over > LANES ? 2 * LANES : LANES;
    const int64_t here = std::min(width, left_over);
    if (width == LANES)
      work(j, here, std::integral_constant<int, 1>{});
    else
      work(j, here, std::integral_constant<int, 2>{});
    j += here;
  }
}

// out[rows, columns] (+)= left[rows, depth] · right[depth, columns], where `out` lies together.
void multiply(const float* left, int64_t by_row, int64_t left_k, const float* right, int64_t right_k,
              int64_t by_column, float* out, int64_t rows, int64_t depth, int64_t columns, bool add = false) {
  if (depth == 0 && !add) std::memset(out, 0, sizeof(float) * rows * columns);
  panels(columns, [&](int64_t j, int64_t here, auto vectors) {
    columns_of<vectors()>(left, by_row, left_k, right + j * by_column, right_k, by_column, out + j, rows,
                          depth, columns, here, add);
  });
}

// A matrix right[depth, columns] whose panels are copied once, for many products with it.
class Packed {
 public:
  Packed(int64_t depth, int64_t columns)
      : depth_(depth), columns_(columns), buffer_(depth * (columns + LANES) + LANES) {
    const auto address = reinterpret_cast<uintptr_t>(buffer_.data());
    panels_ = buffer_.data() + (-address & (sizeof(vec) - 1)) / sizeof(float);
  }
  void take(const float* right, int64_t by_k, int64_t by_column) {
    panels(columns_, [&](int64_t j, int64_t here, auto vectors) {
      pack<vectors()>(right + j * by_column, by_k, by_column, depth_, here, panels_ + j * depth_);
    });
  }
  // out[rows, columns] (+)= left[rows, depth] · right, where both lie together.
  void multiply(const float* left, int64_t rows, float* out, bool add) const {
    panels(columns_, [&](int64_t j, int64_t here, auto vectors) {
      tiles<vectors()>(rows, left, depth_, 1, depth_, panels_ + j * depth_, out + j, columns_, here, add);
    });
  }

 private:
  int64_t depth_, columns_;
  std::vector<float> buffer_;
  float* panels_;
};

}  // namespace
