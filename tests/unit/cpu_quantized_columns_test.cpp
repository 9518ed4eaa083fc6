// The bound must hold for every column and every w, at every scale.
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "cpu/quantized_columns.hpp"
#include "tests/unit/cpu_problems.hpp"

namespace wolfpack::cpu {
namespace {

long double norm(std::span<const double> values) {
  long double square = 0.0L;
  for (const double value : values) square += static_cast<long double>(value) * value;
  return std::sqrt(square);
}

TEST(CpuQuantizedColumns, KnowEveryScoreToWithinTheirBound) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937_64 generator(seed);
    const Index rows = 1 + static_cast<Index>(generator() % (seed < 30 ? 200 : 6000));
    const Index columns = seed < 30 ? 100 : 10;
    const std::vector<double> values = hard_columns(rows, columns, seed % 2 == 0, generator);
    QuantizedColumns copy(rows, columns);
    for (Index j = 0; j < columns; ++j) copy.set(j, values.data() + j * rows);
    DualWalk duals(rows, generator);
    const double size = std::pow(10.0, static_cast<double>(generator() % 200) - 100.0);
    for (int step = 0; step < 20; ++step, duals.step()) {
      std::vector<double> w = duals.dual();
      for (double& value : w) value *= size;
      if (seed % 5 == 0) w[generator() % w.size()] *= 1e6;
      const auto w_norm = static_cast<double>(norm(w));
      const QuantizedDual dual(w, w_norm);
      EXPECT_EQ(dual.is_usable(), w_norm > 0.0);
      if (!dual.is_usable()) continue;
      for (Index j = 0; j < columns; ++j) {
        long double score = 0.0L;
        for (Index i = 0; i < rows; ++i)
          score +=
              static_cast<long double>(values[static_cast<std::size_t>(j * rows + i)]) * w[static_cast<std::size_t>(i)];
        const auto missed = static_cast<double>(std::abs(score - static_cast<long double>(copy.dot(j, dual, j))));
        EXPECT_LE(missed, copy.error(j, dual)) << "seed " << seed << ", column " << j;
      }
    }
  }
}

TEST(CpuQuantizedColumns, TheBoundIsAHundredthOfTheNormsForOrdinaryColumns) {
  std::mt19937_64 generator(1);
  std::normal_distribution<double> normal;
  std::vector<float> column(1000);
  for (float& value : column) value = static_cast<float>(normal(generator));
  QuantizedColumns copy(1000, 1);
  copy.set(0, column.data());
  std::vector<double> w(1000);
  for (double& value : w) value = normal(generator);
  const auto norms = std::sqrt(1000.0) * static_cast<double>(norm(w));
  const double error = copy.error(0, QuantizedDual(w, static_cast<double>(norm(w))));
  EXPECT_LT(error, 0.01 * norms);
  EXPECT_GT(error, 0.001 * norms);
}

TEST(CpuQuantizedColumns, WhatTheyCannotKeepHasNoBound) {
  const double infinity = std::numeric_limits<double>::infinity();
  const QuantizedDual ones(std::vector<double>{1.0, 1.0, 1.0}, std::sqrt(3.0));
  for (const double bad : {infinity, -infinity, std::nan(""), 1e200, 1e-200}) {
    const std::vector<double> column{0.0, bad, 0.0};
    QuantizedColumns copy(3, 1);
    copy.set(0, column.data());
    EXPECT_EQ(copy.error(0, ones), infinity) << bad;
    EXPECT_EQ(copy.dot(0, ones, 0), 0.0);
  }
  QuantizedColumns zero(3, 1);
  zero.set(0, std::vector<double>(3, 0.0).data());
  EXPECT_EQ(zero.error(0, ones), 0.0);
  for (const double bad : {0.0, infinity, std::nan(""), 1e200, 1e-200})
    EXPECT_FALSE(QuantizedDual(std::vector<double>{bad, 0.0}, bad).is_usable()) << bad;
}

}  // namespace
}  // namespace wolfpack::cpu
