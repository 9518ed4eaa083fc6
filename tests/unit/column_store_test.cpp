// Dense and sparse columns side by side must act like one dense matrix.
#include "frank_wolfe/column_store.hpp"

#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace wolfpack::frank_wolfe {
namespace {

using Vector = std::vector<double>;

Column sparse(const Vector& values) {
  Column column{true, {}, {}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0.0) continue;
    column.rows.push_back(static_cast<std::int32_t>(i));
    column.values.push_back(values[i]);
  }
  return column;
}

void expect_acts_like(const ColumnStore& store, const std::vector<Vector>& columns, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  const auto rows = static_cast<std::size_t>(store.rows());
  const std::size_t count = columns.size();
  ASSERT_EQ(store.size(), static_cast<Index>(count));
  Vector x(count);
  Vector w(rows);
  for (double& value : x) value = normal(random);
  for (double& value : w) value = normal(random);
  Vector z(rows);
  Vector g(count);
  store.product(x, z);
  store.scores(w, g);
  for (std::size_t i = 0; i < rows; ++i) {
    double expected = 0.0;
    for (std::size_t j = 0; j < count; ++j) expected += columns[j][i] * x[j];
    EXPECT_NEAR(z[i], expected, 1e-13);
  }
  for (std::size_t j = 0; j < count; ++j) {
    double expected = 0.0;
    for (std::size_t i = 0; i < rows; ++i) expected += columns[j][i] * w[i];
    EXPECT_NEAR(g[j], expected, 1e-13);
  }
}

void expect_gram(const ColumnStore& store, const std::vector<Vector>& columns, std::size_t first) {
  const std::size_t count = columns.size();
  const std::size_t stride = count + 3;
  Vector block(stride * (count - first), 7.0);
  store.gram(static_cast<Index>(first), block.data(), static_cast<Index>(stride));
  for (std::size_t j = first; j < count; ++j) {
    for (std::size_t k = 0; k < stride; ++k) {
      double expected = 7.0;  // behind a column: as it was
      if (k < count) expected = std::inner_product(columns[j].begin(), columns[j].end(), columns[k].begin(), 0.0);
      EXPECT_NEAR(block[k + (j - first) * stride], expected, 1e-12) << k << ' ' << j << ", from " << first;
    }
  }
}

TEST(ColumnStore, ActsLikeADenseMatrixAndStaysSoWhenColumnsLeave) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  for (const int share_of_sparse : {0, 50, 100}) {
    ColumnStore store(43);
    std::vector<Vector> columns;
    for (int j = 0; j < 80; ++j) {  // dense ones are multiplied in blocks of 32, by four
      Vector values(43);  // half of the columns nearly full, half nearly empty: sparse ones are stored either way
      const std::size_t nonzeros_of_20 = random() % 2 == 0 ? 14 : 2;
      for (double& value : values) value = random() % 20 < nonzeros_of_20 ? normal(random) : 0.0;
      const bool is_sparse = static_cast<int>(random() % 100) < share_of_sparse;
      store.append(is_sparse ? sparse(values) : Column{false, {}, values});
      columns.push_back(values);
    }
    expect_acts_like(store, columns, random);
    for (const std::size_t first : {0, 1, 27, 32, 64, 79, 80}) expect_gram(store, columns, first);
    const std::vector<Index> kept{0, 3, 4, 9, 10, 17, 22, 23, 71};
    store.keep(kept);
    std::vector<Vector> rest;
    for (const Index slot : kept) rest.push_back(columns[static_cast<std::size_t>(slot)]);
    expect_acts_like(store, rest, random);
    for (const std::size_t first : {0, 3, 8}) expect_gram(store, rest, first);
  }
}

TEST(ColumnStore, RefusesWhatDoesNotFit) {
  ColumnStore store(3);
  EXPECT_THROW(store.append({false, {}, {1.0, 2.0}}), std::invalid_argument);
  EXPECT_THROW(store.append({true, {1, 3}, {1.0, 2.0}}), std::invalid_argument) << "row 3 of 3";
  EXPECT_THROW(store.append({true, {1, 1}, {1.0, 2.0}}), std::invalid_argument) << "a row twice";
  EXPECT_THROW(store.append({true, {1}, {1.0, 2.0}}), std::invalid_argument);
  EXPECT_EQ(store.size(), 0);
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
