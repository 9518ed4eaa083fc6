// A small linear system in long double, for oracles that must not share code with what they judge.
//
//     std::vector<std::vector<long double>> m = {{2, 1, 3}, {1, 3, 5}};  // [A | b]
//     if (eliminate(m)) x_0 = m[0][2] / m[0][0];
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace wolfpack::testing {

/// By Gauss-Jordan elimination with row pivoting, in place: afterwards x_k of right-hand side r is m[k][n + r] /
/// m[k][k]. False where a pivot is lost, which is where the system is singular.
[[nodiscard]] inline bool eliminate(std::vector<std::vector<long double>>& m) {
  const std::size_t n = m.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t i = k; i < n; ++i) {
      if (std::fabs(m[i][k]) > std::fabs(m[best][k])) best = i;
    }
    std::swap(m[k], m[best]);
    if (std::fabs(m[k][k]) < 1e-13L) return false;
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const long double factor = m[i][k] / m[k][k];
      for (std::size_t c = k; c < m[i].size(); ++c) m[i][c] -= factor * m[k][c];
    }
  }
  return true;
}

}  // namespace wolfpack::testing
