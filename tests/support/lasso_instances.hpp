// Small LASSO problems of every awkward kind, made from a seed, and their text as files.
#pragma once

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace wolfpack::testing {

/// Minimise 1/2 ||target - A x||^2 subject to ||x||_1 <= beta; A by rows.
struct LassoInstance {
  std::string name;
  std::vector<std::vector<double>> rows;
  std::vector<double> target;
  double beta = 1.0;

  [[nodiscard]] std::size_t columns() const { return rows.front().size(); }
};

/// svmlight text: 1-based, zeros left out. The last column is written even where it is zero, or a reader would not know
/// that it is there.
[[nodiscard]] inline std::string to_svmlight(const LassoInstance& instance) {
  std::string text;
  for (std::size_t i = 0; i < instance.rows.size(); ++i) {
    text += fmt::format("{:.17g}", instance.target[i]);
    const auto& row = instance.rows[i];
    for (std::size_t j = 0; j < row.size(); ++j)
      if (row[j] != 0 || (i == 0 && j + 1 == row.size())) text += fmt::format(" {}:{:.17g}", j + 1, row[j]);
    text += '\n';
  }
  return text;
}

/// A d x n matrix and a target from independent normal numbers, each entry kept with probability `density`.
[[nodiscard]] inline LassoInstance random_instance(std::string name, std::size_t d, std::size_t n, double beta,
                                                   unsigned seed, double density = 1.0) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  LassoInstance instance{std::move(name), std::vector(d, std::vector<double>(n)), std::vector<double>(d), beta};
  for (auto& row : instance.rows)
    for (double& value : row) value = uniform(random) < density ? normal(random) : 0.0;
  for (double& value : instance.target) value = normal(random);
  return instance;
}

inline void for_each_entry(LassoInstance& instance, const std::function<void(double&, std::size_t column)>& change) {
  for (auto& row : instance.rows)
    for (std::size_t j = 0; j < row.size(); ++j) change(row[j], j);
}

/// Every column of the second third is one of the first third again, scaled or negated or not; a few of the last third
/// are zero.
[[nodiscard]] inline LassoInstance dependent_instance(unsigned seed) {
  auto instance = random_instance("dependent", 24, 66, 3.0, seed);
  constexpr double kFactors[] = {1.0, -1.0, 2.0, -0.5};
  for (auto& row : instance.rows)
    for (std::size_t j = 0; j < 22; ++j) {
      row[22 + j] = row[j] * kFactors[j % 4];
      if (j % 5 == 0) row[44 + j] = 0.0;
    }
  return instance;
}

[[nodiscard]] inline std::vector<LassoInstance> awkward_instances() {
  std::vector<LassoInstance> all{
      random_instance("wide", 30, 160, 1.5, 1),
      random_instance("tall", 120, 15, 0.4, 2),
      random_instance("sparse with empty columns", 60, 150, 2.0, 3, 0.02),
      dependent_instance(4),
      random_instance("idle constraint", 40, 12, 1000.0, 5),
      random_instance("zero target", 20, 50, 1.0, 6),
      random_instance("one row", 1, 30, 0.2, 7),
      random_instance("one column", 50, 1, 0.02, 8),
      random_instance("three columns", 20, 3, 0.3, 9),
      random_instance("norms over eight orders", 40, 60, 5.0, 10),
      random_instance("nothing but zeros", 10, 8, 1.0, 11),
      random_instance("interpolated", 15, 80, 50.0, 12),
  };
  for (double& value : all[5].target) value = 0.0;
  for_each_entry(all[9], [](double& value, std::size_t j) {
    value *= std::pow(10.0, -4.0 + 8.0 * static_cast<double>(j) / 59.0);
  });
  for_each_entry(all[10], [](double& value, std::size_t) { value = 0.0; });
  return all;
}

}  // namespace wolfpack::testing
