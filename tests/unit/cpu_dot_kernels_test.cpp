#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cpu/dot_kernels.hpp"

namespace wolfpack::cpu {
namespace {

std::vector<double> random_values(std::size_t count, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  std::vector<double> values(count);
  for (double& value : values) value = static_cast<double>(static_cast<float>(uniform(generator)));
  return values;
}

class CpuDotKernels : public testing::TestWithParam<const DotKernels*> {};

TEST_P(CpuDotKernels, AgreeWithExtendedPrecisionAtEveryLength) {
  const DotKernels& kernels = *GetParam();
  for (std::size_t rows = 0; rows <= 150; ++rows) {
    const std::vector<double> column = random_values(rows, 1);
    const std::vector<double> dual = random_values(rows, 2);
    const std::vector<float> narrow(column.begin(), column.end());
    long double dot = 0.0L;
    long double magnitude = 0.0L;
    long double square = 0.0L;
    for (std::size_t i = 0; i < rows; ++i) {
      dot += static_cast<long double>(column[i]) * dual[i];
      magnitude += std::abs(static_cast<long double>(column[i]) * dual[i]);
      square += static_cast<long double>(column[i]) * column[i];
    }
    const double unit = static_cast<double>(rows) * std::numeric_limits<double>::epsilon() / 2.0;
    const auto length = static_cast<std::int64_t>(rows);
    const DotAndNorm sums = kernels.float64.dot_and_norm(column.data(), dual.data(), length, column.data());
    EXPECT_NEAR(sums.dot, static_cast<double>(dot), unit * static_cast<double>(magnitude)) << rows;
    EXPECT_NEAR(sums.squared_norm, static_cast<double>(square), unit * static_cast<double>(square)) << rows;

    // The same bits with or without norms, and from either storage.
    const DotAndNorm narrow_sums = kernels.float32.dot_and_norm(narrow.data(), dual.data(), length, narrow.data());
    EXPECT_EQ(kernels.float64.dot(column.data(), dual.data(), length, column.data()), sums.dot) << rows;
    EXPECT_EQ(kernels.float32.dot(narrow.data(), dual.data(), length, narrow.data()), sums.dot) << rows;
    EXPECT_EQ(narrow_sums.dot, sums.dot) << rows;
    EXPECT_EQ(narrow_sums.squared_norm, sums.squared_norm) << rows;
  }
}

TEST_P(CpuDotKernels, OfSparseColumnsAgreeWithExtendedPrecisionAtEveryLength) {
  const DotKernels& kernels = *GetParam();
  const std::vector<double> dual = random_values(1000, 2);
  for (std::size_t count = 0; count <= 100; ++count) {
    const std::vector<double> values = random_values(count, 1);
    const std::vector<float> narrow(values.begin(), values.end());
    std::vector<std::int32_t> rows(count);
    long double dot = 0.0L;
    long double square = 0.0L;
    for (std::size_t k = 0; k < count; ++k) {
      rows[k] = static_cast<std::int32_t>(10 * k + (k * k) % 10);
      dot += static_cast<long double>(values[k]) * dual[static_cast<std::size_t>(rows[k])];
      square += static_cast<long double>(values[k]) * values[k];
    }
    const auto length = static_cast<std::int64_t>(count);
    const DotAndNorm sums = kernels.float64.sparse_dot_and_norm(values.data(), rows.data(), length, dual.data());
    EXPECT_NEAR(sums.dot, static_cast<double>(dot), 1e-14) << count;
    EXPECT_NEAR(sums.squared_norm, static_cast<double>(square), 1e-14) << count;

    const DotAndNorm narrow_sums = kernels.float32.sparse_dot_and_norm(narrow.data(), rows.data(), length, dual.data());
    EXPECT_EQ(kernels.float64.sparse_dot(values.data(), rows.data(), length, dual.data()), sums.dot) << count;
    EXPECT_EQ(kernels.float32.sparse_dot(narrow.data(), rows.data(), length, dual.data()), sums.dot) << count;
    EXPECT_EQ(narrow_sums.dot, sums.dot) << count;
    EXPECT_EQ(narrow_sums.squared_norm, sums.squared_norm) << count;
  }
}

TEST_P(CpuDotKernels, GiveTheSameBitsWhateverIsReadNext) {
  const DotKernels& kernels = *GetParam();
  for (const std::size_t rows : {37U, 700U, 1600U, 2700U, 5000U}) {  // shorter and longer than what is asked for early
    const std::vector<double> column = random_values(rows, 1);
    const std::vector<double> dual = random_values(rows, 2);
    const std::vector<double> next = random_values(rows, 3);
    const auto length = static_cast<std::int64_t>(rows);
    long double exact = 0.0L;
    for (std::size_t i = 0; i < rows; ++i) exact += static_cast<long double>(column[i]) * dual[i];
    const double alone = kernels.float64.dot(column.data(), dual.data(), length, column.data());
    EXPECT_EQ(kernels.float64.dot(column.data(), dual.data(), length, next.data()), alone);
    EXPECT_NEAR(alone, static_cast<double>(exact), 1e-12);
  }
}

TEST_P(CpuDotKernels, GiveTheSameBitsAtEveryAlignment) {
  const DotKernels& kernels = *GetParam();
  const std::int64_t rows = 203;
  const std::vector<double> column = random_values(203, 3);
  const std::vector<double> dual = random_values(203, 4);
  const double expected = kernels.float64.dot(column.data(), dual.data(), rows, column.data());
  for (std::size_t shift = 0; shift < 20; ++shift) {
    std::vector<float> shifted_column(shift, 0.0F);
    shifted_column.insert(shifted_column.end(), column.begin(), column.end());
    std::vector<double> shifted_dual(shift, 0.0);
    shifted_dual.insert(shifted_dual.end(), dual.begin(), dual.end());
    EXPECT_EQ(kernels.float32.dot(shifted_column.data() + shift, shifted_dual.data() + shift, rows,
                                  shifted_column.data() + shift),
              expected)
        << shift;
  }
}

template <class Scalar>
void expect_quantized(const StorageKernels<Scalar>& kernels, const std::vector<double>& values) {
  const std::vector<Scalar> column(values.begin(), values.end());
  const auto rows = static_cast<std::int64_t>(column.size());
  double largest = 0.0;
  for (const Scalar value : column) largest = std::max(largest, std::abs(static_cast<double>(value)));
  EXPECT_EQ(kernels.largest_magnitude(column.data(), rows), largest);
  const double scale = largest > 0.0 ? largest / 127.0 : 1.0;
  std::vector<std::int8_t> numbers(column.size() + 8, 77);
  const QuantizationSums sums = kernels.quantize(column.data(), rows, scale, numbers.data());
  double missed = 0.0, kept = 0.0;
  for (std::size_t i = 0; i < column.size(); ++i) {
    const double rest = static_cast<double>(column[i]) - scale * numbers[i];
    EXPECT_LE(std::abs(rest), 0.5000001 * scale) << i;
    missed += rest * rest;
    kept += static_cast<double>(numbers[i]) * numbers[i];
  }
  EXPECT_NEAR(sums.missed, missed, 1e-12 * missed + 1e-30);
  EXPECT_EQ(sums.kept, kept);
  for (std::size_t i = column.size(); i < numbers.size(); ++i) EXPECT_EQ(numbers[i], 77) << "behind the column";
}

TEST_P(CpuDotKernels, QuantizeToTheNearestIntegerAtEveryLength) {
  for (std::size_t rows = 0; rows <= 70; ++rows) {
    const std::vector<double> values = random_values(rows, static_cast<unsigned>(rows));
    expect_quantized(GetParam()->float32, values);
    expect_quantized(GetParam()->float64, values);
  }
}

TEST_P(CpuDotKernels, TheLargestMagnitudeOfANumberThatIsNoneIsNone) {
  for (std::size_t bad = 0; bad < 40; ++bad) {
    std::vector<double> values = random_values(40, 3);
    values[bad] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(std::isnan(GetParam()->float64.largest_magnitude(values.data(), 40))) << bad;
    values[bad] = -std::numeric_limits<double>::infinity();
    EXPECT_EQ(GetParam()->float64.largest_magnitude(values.data(), 40), std::numeric_limits<double>::infinity());
  }
}

TEST_P(CpuDotKernels, OfBytesAreExactOverManyBlocks) {
  std::mt19937_64 generator(5);
  const auto integer = [&](int largest) { return static_cast<int>(generator() % (2 * largest + 1)) - largest; };
  for (const std::int64_t rows : {16, 32, 48, 112, 1008, 1024, 1040, 5008}) {
    for (const bool is_largest : {false, true}) {
      std::vector<std::int8_t> column;
      std::vector<std::int16_t> dual;
      std::int64_t dot = 0;
      for (std::int64_t i = 0; i < rows; ++i) {
        column.push_back(static_cast<std::int8_t>(is_largest ? -127 : integer(127)));
        dual.push_back(static_cast<std::int16_t>(is_largest ? kLargestQuantizedDual : integer(kLargestQuantizedDual)));
        dot += column.back() * dual.back();
      }
      EXPECT_EQ(GetParam()->quantized_dot(column.data(), dual.data(), rows, column.data()), dot) << rows;
    }
  }
}

TEST_P(CpuDotKernels, ReadNothingBehindTheColumn) {
  const DotKernels& kernels = *GetParam();
  const std::vector<double> column(37, 1.0);
  std::vector<double> dual(64, 2.0);
  std::vector<float> narrow(64, std::numeric_limits<float>::quiet_NaN());
  std::fill_n(narrow.begin(), 37, 1.0F);
  std::fill(dual.begin() + 37, dual.end(), std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(kernels.float32.dot(narrow.data(), dual.data(), 37, narrow.data()), 74.0);
  EXPECT_EQ(kernels.float64.dot(column.data(), dual.data(), 37, column.data()), 74.0);
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, CpuDotKernels,
                         testing::ValuesIn(available_kernels().begin(), available_kernels().end()),
                         [](const auto& instance) { return std::string(instance.param->name); });

TEST(CpuDotKernelDispatch, EndsWithTheBaselineThatEveryCpuRuns) {
  EXPECT_STREQ(available_kernels().back()->name, "baseline");
  EXPECT_EQ(&best_kernels(), available_kernels().front());
}

}  // namespace
}  // namespace wolfpack::cpu
