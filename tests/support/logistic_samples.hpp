// A LogisticProblem as what sgd/ takes.
#pragma once

#include <vector>

#include "base/matrix.hpp"
#include "sgd/samples.hpp"
#include "tests/support/slow_logistic.hpp"

namespace wolfpack::testing {

[[nodiscard]] inline DenseMatrix<double> dense_matrix(const LogisticProblem& problem) {
  DenseMatrix<double> matrix{static_cast<Index>(problem.samples()), static_cast<Index>(problem.features()), {}};
  for (std::size_t j = 0; j < problem.features(); ++j)
    for (const auto& row : problem.rows) matrix.values.push_back(row[j]);
  return matrix;
}

[[nodiscard]] inline SparseMatrix<double> sparse_matrix(const LogisticProblem& problem) {
  SparseMatrix<double> matrix;
  matrix.rows = static_cast<Index>(problem.samples());
  matrix.columns = static_cast<Index>(problem.features());
  for (std::size_t j = 0; j < problem.features(); ++j) {
    for (std::size_t i = 0; i < problem.samples(); ++i) {
      if (problem.rows[i][j] == 0) continue;
      matrix.row_indices.push_back(static_cast<std::int32_t>(i));
      matrix.values.push_back(problem.rows[i][j]);
    }
    matrix.column_starts.push_back(static_cast<Index>(matrix.values.size()));
  }
  return matrix;
}

[[nodiscard]] inline sgd::Samples samples_of(const LogisticProblem& problem, std::uint32_t worker = 0,
                                             std::size_t workers = 1) {
  return sgd::take_samples(sparse_matrix(problem).view(), problem.labels, {worker}, workers);
}

}  // namespace wolfpack::testing
