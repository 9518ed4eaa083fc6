// Partitions that are hard on a lazy selector, and walks of the dual vector over them.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "base/atom_selector.hpp"
#include "base/matrix.hpp"

namespace wolfpack::cpu {

template <class Scalar>
Matrix dense(Index rows, Index columns, const std::vector<double>& values) {
  DenseMatrix<Scalar> matrix{rows, columns, {}};
  for (const double value : values) matrix.values.push_back(static_cast<Scalar>(value));
  return matrix;
}

template <class Scalar>
Matrix sparse(Index rows, Index columns, const std::vector<double>& values) {
  SparseMatrix<Scalar> matrix{rows, columns, {0}, {}, {}};
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < rows; ++i) {
      const double value = values[static_cast<std::size_t>(j * rows + i)];
      if (value == 0.0) continue;
      matrix.row_indices.push_back(static_cast<std::int32_t>(i));
      matrix.values.push_back(static_cast<Scalar>(value));
    }
    matrix.column_starts.push_back(static_cast<Index>(matrix.values.size()));
  }
  return matrix;
}

/// The same numbers in all four storages.
inline std::vector<Matrix> all_storages(Index rows, Index columns, const std::vector<double>& values) {
  return {dense<float>(rows, columns, values), dense<double>(rows, columns, values),
          sparse<float>(rows, columns, values), sparse<double>(rows, columns, values)};
}

inline std::vector<Index> column_numbers(const SelectedAtoms& selected) {
  std::vector<Index> numbers;
  for (const ScoredAtom& atom : selected.atoms) numbers.push_back(atom.column);
  return numbers;
}

/// Norms over eight orders of magnitude (over none where `even`), constant and zero columns, duplicates, and copies
/// times a power of two and with the other sign.
inline std::vector<double> hard_columns(Index rows, Index columns, bool even, std::mt19937_64& generator) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  std::vector<double> values;
  for (Index j = 0; j < columns; ++j) {
    const double kind = uniform(generator);
    if (kind < 0.15 && j > 0) {
      const auto original = static_cast<Index>(uniform(generator) * static_cast<double>(j));
      const double factor = kind < 0.05 ? 1.0 : kind < 0.1 ? -1.0 : std::exp2(std::round(8.0 * normal(generator)));
      for (Index i = 0; i < rows; ++i) values.push_back(factor * values[static_cast<std::size_t>(original * rows + i)]);
      continue;
    }
    const double scale = kind < 0.18 ? 0.0 : even ? 1.0 : std::pow(10.0, 8.0 * uniform(generator) - 4.0);
    const bool is_constant = kind > 0.97;
    const double density = uniform(generator) < 0.5 ? 0.3 : 1.0;
    const double offset = uniform(generator) < 0.3 ? std::pow(10.0, 6.0 * uniform(generator)) * scale : 0.0;
    for (Index i = 0; i < rows; ++i) {
      const double value = is_constant                    ? scale
                           : uniform(generator) < density ? offset + scale * normal(generator)
                                                          : 0.0;
      values.push_back(static_cast<double>(static_cast<float>(value)));
    }
  }
  return values;
}

/// Steps small and large, back to where it was, through zero, and to the other side.
class DualWalk {
 public:
  DualWalk(Index rows, std::mt19937_64& generator) : generator_(generator), dual_(static_cast<std::size_t>(rows)) {
    for (double& value : dual_) value = normal_(generator_);
    earlier_.push_back(dual_);
  }

  [[nodiscard]] const std::vector<double>& dual() const { return dual_; }

  void step() {
    const double kind = uniform_(generator_);
    if (kind < 0.05) {
      dual_.assign(dual_.size(), 0.0);
    } else if (kind < 0.12) {
      for (double& value : dual_) value = -value;
    } else if (kind < 0.2) {
      dual_ = earlier_[static_cast<std::size_t>(uniform_(generator_) * static_cast<double>(earlier_.size()))];
    } else if (kind < 0.3) {
      for (double& value : dual_) value *= 0.7;
    } else {
      const double size = std::pow(10.0, -6.0 * uniform_(generator_));
      for (double& value : dual_) value += size * normal_(generator_);
    }
    earlier_.push_back(dual_);
  }

 private:
  std::mt19937_64& generator_;
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> uniform_{0.0, 1.0};
  std::vector<double> dual_;
  std::vector<std::vector<double>> earlier_;
};

}  // namespace wolfpack::cpu
