// The up- and downdated Cholesky factor against the Gram matrix that it stands for.
#include "frank_wolfe/gram_factor.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace wolfpack::frank_wolfe {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void append(GramFactor& factor, const std::vector<Vector>& columns, const Vector& added) {
  Vector row;
  for (const Vector& column : columns) row.push_back(dot(column, added));
  factor.solve_transposed(row);
  factor.append(row, std::sqrt(dot(added, added) - dot(row, row)));
}

// max |G x - b| for x = R^-1 R^-T b.
double residual(const GramFactor& factor, const std::vector<Vector>& columns, const Vector& b) {
  Vector x = b;
  factor.solve_transposed(x);
  factor.solve(x);
  double largest = 0.0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    double sum = -b[i];
    for (std::size_t j = 0; j < columns.size(); ++j) sum += dot(columns[i], columns[j]) * x[j];
    largest = std::max(largest, std::fabs(sum));
  }
  return largest;
}

TEST(GramFactor, FactorsATwoByTwoByHand) {
  // G = [4 2; 2 5] = R'R with R = [2 1; 0 2].
  GramFactor factor;
  factor.append({}, 2.0);
  Vector row{2.0};
  factor.solve_transposed(row);
  EXPECT_DOUBLE_EQ(row[0], 1.0);
  factor.append(row, 2.0);
  Vector v{6.0, 7.0};
  factor.solve_transposed(v);
  EXPECT_DOUBLE_EQ(v[0], 3.0);
  EXPECT_DOUBLE_EQ(v[1], 2.0);
  factor.solve(v);
  EXPECT_DOUBLE_EQ(v[0], 1.0);
  EXPECT_DOUBLE_EQ(v[1], 1.0);
}

TEST(GramFactor, SolvesForSeveralVectorsAsForEachAlone) {
  std::mt19937_64 random(6);
  std::normal_distribution<double> normal;
  GramFactor factor;
  const std::vector<Index> counts{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 70};  // blocks are of 32
  for (Index size = 0; size < 20; ++size) {
    for (const Index count : counts) {
      Vector block(static_cast<std::size_t>(size * count));
      for (double& value : block) value = normal(random);
      const Vector before = block;
      factor.solve_transposed_block(block, count);
      for (Index k = 0; k < count; ++k) {
        Vector alone(before.begin() + k * size, before.begin() + (k + 1) * size);
        factor.solve_transposed(alone);
        for (Index j = 0; j < size; ++j)
          EXPECT_NEAR(block[static_cast<std::size_t>(j + k * size)], alone[static_cast<std::size_t>(j)], 1e-9)
              << "value " << j << " of vector " << k << " of " << count << ", " << size << " columns";
      }
    }
    Vector row(static_cast<std::size_t>(size));
    for (double& value : row) value = normal(random);
    factor.append(row, 1.0 + std::fabs(normal(random)) * 3.0);
  }
}

TEST(GramFactor, HoldsThroughManyArrivalsAndDepartures) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  GramFactor factor;
  std::vector<Vector> columns;
  Vector b;  // one entry a column; first = R^-T b, second = R^-T 1 are carried along
  Vector first;
  Vector second;
  for (int change = 0; change < 600; ++change) {
    if (columns.size() < 2 || (columns.size() < 25 && random() % 2 == 0)) {
      Vector added(40);
      for (double& value : added) value = normal(random);
      append(factor, columns, added);
      columns.push_back(added);
      b.push_back(normal(random));
      first = b;
      factor.solve_transposed(first);
      second.assign(b.size(), 1.0);
      factor.solve_transposed(second);
    } else {
      const auto position = static_cast<std::ptrdiff_t>(random() % columns.size());
      factor.remove(position, first, second);
      columns.erase(columns.begin() + position);
      b.erase(b.begin() + position);
      first.pop_back();
      second.pop_back();
      Vector expected = b;
      factor.solve_transposed(expected);
      Vector ones(b.size(), 1.0);
      factor.solve_transposed(ones);
      for (std::size_t k = 0; k < b.size(); ++k) {
        EXPECT_NEAR(first[k], expected[k], 1e-12);
        EXPECT_NEAR(second[k], ones[k], 1e-12);
      }
    }
    ASSERT_EQ(factor.size(), static_cast<Index>(columns.size()));
    EXPECT_LT(residual(factor, columns, b), 1e-11);
  }
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
