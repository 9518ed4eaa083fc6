#include "experiments/data/synthetic.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <string_view>

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/data/input_file.hpp"

namespace wolfpack::data {
namespace {

class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}

  /// U(0, 1), never 0 or 1.
  double uniform() { return (static_cast<double>(bits_() >> 12) + 0.5) * 0x1p-52; }

  /// U{0 .. bound - 1}: as many leading bits as the bound has, drawn again where they reach it.
  std::uint64_t below(std::uint64_t bound) {
    const int shift = std::min(63, std::countl_zero(bound - 1));
    while (true) {
      if (const std::uint64_t value = bits_() >> shift; value < bound) return value;
    }
  }

  /// Nearly normal: the sum of 12 uniforms, which needs no logarithm or cosine, whose last bits differ between C
  /// libraries.
  double normal() {
    double sum = -6.0;
    for (int i = 0; i < 12; ++i) sum += uniform();
    return sum;
  }

 private:
  std::mt19937_64 bits_;
};

/// `count` of 0 .. population - 1 without replacement, increasing. Draws until so many differ; of more than half, draws
/// the others.
std::vector<std::uint64_t> choose(Random& random, std::uint64_t count, std::uint64_t population) {
  if (count > population / 2 && count > 1) {
    const std::vector<std::uint64_t> others = choose(random, population - count, population);
    std::vector<std::uint64_t> chosen;
    chosen.reserve(count);
    auto other = others.begin();
    for (std::uint64_t i = 0; i < population; ++i) {
      if (other != others.end() && *other == i) {
        ++other;
      } else {
        chosen.push_back(i);
      }
    }
    return chosen;
  }
  std::vector<std::uint64_t> chosen;
  while (chosen.size() < count) {
    for (std::uint64_t missing = count - chosen.size(); missing > 0; --missing)
      chosen.push_back(random.below(population));
    std::ranges::sort(chosen);
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  }
  return chosen;
}

[[noreturn]] void refuse_option(std::string_view option, std::string_view what) {
  throw InputError(fmt::format("{}: {}", option, what));
}

void check(const SyntheticOptions& options) {
  if (options.rows < 1 || options.rows > kLargestDimension) {
    refuse_option("--rows", fmt::format("{} is out of range; expected 1 .. {}", options.rows, kLargestDimension));
  }
  if (options.columns < 1 || options.columns > kLargestDimension) {
    refuse_option("--columns", fmt::format("{} is out of range; expected 1 .. {}", options.columns, kLargestDimension));
  }
  if (!(options.density > 0.0 && options.density <= 1.0)) {
    refuse_option("--density", fmt::format("{} is out of range; expected a number in (0, 1]", options.density));
  }
  if (options.nonzeros < 1 || options.nonzeros > options.columns) {
    refuse_option("--nonzeros", fmt::format("{} is out of range; expected 1 .. {}, the number of columns",
                                            options.nonzeros, options.columns));
  }
  if (!(options.noise >= 0.0 && std::isfinite(options.noise))) {
    refuse_option("--noise", fmt::format("{} is out of range; expected a finite number >= 0", options.noise));
  }
}

SparseMatrix<double> random_matrix(Random& random, const SyntheticOptions& options) {
  const auto rows = static_cast<std::uint64_t>(options.rows), columns = static_cast<std::uint64_t>(options.columns);
  const double entries = std::round(options.density * static_cast<double>(rows * columns));
  constexpr double kMostEntries = 0x1p33;  // 64 GiB of places alone
  if (entries < 1.0) {
    refuse_option("--density",
                  fmt::format("{} leaves no entry in {} x {}; expected a larger one", options.density, rows, columns));
  }
  if (entries > kMostEntries) {
    refuse_option("--density",
                  fmt::format("{} makes {} entries; expected at most {}", options.density, entries, kMostEntries));
  }

  const std::vector<std::uint64_t> places = choose(random, static_cast<std::uint64_t>(entries), rows * columns);
  SparseMatrix<double> a{options.rows, options.columns, std::vector<Index>(columns + 1), {}, {}};
  a.row_indices.reserve(places.size());
  a.values.reserve(places.size());
  for (const std::uint64_t place : places) {
    ++a.column_starts[place / rows + 1];
    a.row_indices.push_back(static_cast<std::int32_t>(place % rows));
    a.values.push_back(random.uniform());
  }
  for (std::size_t j = 0; j < columns; ++j) {
    a.column_starts[j + 1] += a.column_starts[j];
    const auto first = a.values.begin() + a.column_starts[j], last = a.values.begin() + a.column_starts[j + 1];
    double squares = 0.0;
    for (auto x = first; x != last; ++x) squares += *x * *x;
    for (auto x = first; x != last; ++x) *x /= std::sqrt(squares);
  }
  return a;
}

std::vector<double> random_coefficients(Random& random, const SyntheticOptions& options) {
  std::vector<double> alpha(static_cast<std::size_t>(options.columns));
  double sum = 0.0;
  const std::vector<std::uint64_t> support = choose(random, static_cast<std::uint64_t>(options.nonzeros), alpha.size());
  for (const std::uint64_t j : support) sum += alpha[j] = random.uniform();
  for (const std::uint64_t j : support) alpha[j] /= sum;
  return alpha;
}

std::vector<double> product(const SparseMatrix<double>& a, const std::vector<double>& alpha) {
  std::vector<double> y(static_cast<std::size_t>(a.rows));
  for (std::size_t j = 0; j < alpha.size(); ++j) {
    for (auto k = static_cast<std::size_t>(a.column_starts[j]); k < static_cast<std::size_t>(a.column_starts[j + 1]);
         ++k) {
      y[static_cast<std::size_t>(a.row_indices[k])] += a.values[k] * alpha[j];
    }
  }
  return y;
}

void add_noise(Random& random, double length, std::vector<double>& y) {
  std::vector<double> direction(y.size());
  double squares = 0.0;
  while (squares == 0.0) {
    for (double& x : direction) x = random.normal();
    for (const double x : direction) squares += x * x;
  }
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += length / std::sqrt(squares) * direction[i];
}

}  // namespace

SyntheticInstance make_synthetic(const SyntheticOptions& options) {
  check(options);
  Random random(options.seed);
  SyntheticInstance instance;
  instance.matrix = random_matrix(random, options);
  instance.coefficients = random_coefficients(random, options);
  instance.target = product(instance.matrix, instance.coefficients);
  if (options.noise > 0.0) add_noise(random, options.noise, instance.target);
  return instance;
}

}  // namespace wolfpack::data
