// The kernels of this CPU against sums in long double, at every length around the width of a vector.
#include "frank_wolfe/dense_kernels.hpp"

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace wolfpack::frank_wolfe {
namespace {

constexpr std::int64_t kStride = 1301;  // odd, and more than two panels

std::vector<double> random_values(std::size_t count) {
  std::mt19937_64 random(count);
  std::normal_distribution<double> normal;
  std::vector<double> values(count);
  for (double& value : values) value = normal(random);
  return values;
}

double slow_dot(const double* a, const double* b, std::int64_t n) {
  long double sum = 0.0L;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<long double>(a[i]) * b[i];
  return static_cast<double>(sum);
}

std::vector<std::int64_t> lengths() {
  std::vector<std::int64_t> all{100, 511, 512, 513, 1024, 1300};
  for (std::int64_t n = 0; n < 40; ++n) all.push_back(n);
  return all;
}

std::array<const double*, 4> columns_of(const std::vector<double>& values) {
  return {values.data(), values.data() + kStride, values.data() + 2 * kStride, values.data() + 3 * kStride};
}

TEST(DenseKernels, ProductsAreThoseOfLongDouble) {
  const auto a = random_values(4 * kStride), b = random_values(5 * kStride);
  for (const std::int64_t n : lengths()) {
    EXPECT_NEAR(kernels().dot(a.data() + 1, b.data(), n), slow_dot(a.data() + 1, b.data(), n), 1e-12);
    for (std::int64_t rows = 1; rows <= 4; ++rows) {
      for (std::int64_t columns = 1; columns <= 4; ++columns) {
        std::vector<double> out(25, -7.0), sums(5, -7.0);
        const std::array<const double*, 4> left = columns_of(a), right = columns_of(b);
        kernels().tile(left.data(), rows, right.data(), columns, n, out.data(), 5);
        kernels().dots(a.data(), b.data(), kStride, columns, n, sums.data());
        for (std::int64_t j = 0; j < 5; ++j) {
          const double alone = j < columns ? slow_dot(a.data(), b.data() + j * kStride, n) : -7.0;
          EXPECT_NEAR(sums[static_cast<std::size_t>(j)], alone, 1e-12);
          for (std::int64_t i = 0; i < 5; ++i) {
            const bool inside = i < rows && j < columns;
            const double wanted = inside ? slow_dot(a.data() + i * kStride, b.data() + j * kStride, n) : -7.0;
            EXPECT_NEAR(out[static_cast<std::size_t>(i + 5 * j)], wanted, 1e-12)
                << rows << " x " << columns << ", " << n;
          }
        }
      }
    }
  }
}

TEST(DenseKernels, AddsTwoVectorsAndNothingBehindThem) {
  const auto a = random_values(64), b = random_values(65);
  for (std::int64_t n = 0; n < 40; ++n) {
    std::vector<double> y(41, 0.5);
    kernels().add_two(2.0, a.data(), -3.0, b.data(), y.data(), n);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double wanted = static_cast<std::int64_t>(i) < n ? 0.5 + 2.0 * a[i] - 3.0 * b[i] : 0.5;
      EXPECT_NEAR(y[i], wanted, 1e-14);
    }
  }
}

/// Turning by rotations keeps the length; turned back, what was there is there again.
TEST(DenseKernels, RotatesFourVectorsInPlace) {
  constexpr std::size_t kCount = 13;
  std::vector<Rotation> rotations;
  for (std::size_t i = 0; i < kCount; ++i) rotations.push_back({std::cos(0.3 * double(i)), std::sin(0.3 * double(i))});
  auto values = random_values(4 * (kCount + 1));
  const auto before = values;
  double* vectors[4];
  for (std::size_t k = 0; k < 4; ++k) vectors[k] = values.data() + k * (kCount + 1);
  double carried[4];
  kernels().rotate_four(rotations.data(), kCount, vectors, vectors, carried);
  for (std::size_t k = 0; k < 4; ++k) {
    std::vector<double> turned(vectors[k], vectors[k] + kCount + 1);
    turned[kCount] = carried[k];
    for (std::size_t i = kCount; i-- > 0;) {
      const auto [cosine, sine] = rotations[i];
      const double u = turned[i], v = turned[i + 1];
      turned[i] = cosine * u - sine * v;
      turned[i + 1] = sine * u + cosine * v;
    }
    for (std::size_t i = 0; i <= kCount; ++i) EXPECT_NEAR(turned[i], before[k * (kCount + 1) + i], 1e-14);
  }
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
