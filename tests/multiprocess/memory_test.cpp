// What a run takes of the machine's memory, by its own account: at most 1.3 times the stored matrix and 200 MB over all
// workers together. The matrix is so large that a second copy of it, or a mapping of the file, would break the bound.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/lasso_run.hpp"
#include "tests/support/npy_bytes.hpp"
#include "tests/support/pace.hpp"

namespace wolfpack::testing {
namespace {

constexpr std::size_t kRows = 8000, kColumns = 10'000;
constexpr std::uint64_t kMatrixBytes = kRows * kColumns * sizeof(float);
constexpr std::uint64_t kBound = kMatrixBytes * 13 / 10 + 200'000'000;
static_assert(kBound < 2 * kMatrixBytes, "a second copy must not fit");

/// One block of random numbers again and again; its length divides no column's, so that no two columns are alike.
void write_matrix(const std::string& path, bool fortran_order) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> block(1'000'003);
  for (float& value : block) value = uniform(random);
  const std::string dict = fmt::format("{{'descr': '<f4', 'fortran_order': {}, 'shape': ({}, {})}}",
                                       fortran_order ? "True" : "False", kRows, kColumns);
  std::ofstream file(path, std::ios::binary);
  file << npy_bytes(dict, "");
  for (std::size_t written = 0; written < kRows * kColumns; written += block.size()) {
    const std::size_t count = std::min(block.size(), kRows * kColumns - written);
    file.write(reinterpret_cast<const char*>(block.data()), static_cast<std::streamsize>(count * sizeof(float)));
  }
  ASSERT_TRUE(file.flush()) << "320 MB are needed in the temporary folder";
}

/// The order of the file's values: "Fortran" or "C".
class Memory : public ::testing::TestWithParam<std::string> {};

TEST_P(Memory, StaysWithinItsBound) {
  if (kThreadSanitizer || kAddressSanitizer) GTEST_SKIP() << "a sanitizer's shadow memory counts too";
  const ScratchDirectory scratch;
  write_matrix(scratch.path("a.npy"), GetParam() == "Fortran");
  std::string target;
  for (std::size_t i = 0; i < kRows; ++i) target += i % 2 == 0 ? "1\n" : "-1\n";
  const LassoRun run = run_lasso({"--data", scratch.path("a.npy"), "--target", scratch.write("y.txt", target), "--beta",
                                  "0.1", "--workers", "2", "--max-clock", "3"});
  ASSERT_TRUE(run.outcome.exit_status == 0 || run.outcome.exit_status == 3) << run.outcome.err;
  EXPECT_EQ(run.result.at("matrix_bytes"), kMatrixBytes);
  EXPECT_GE(run.result.at("quantized_copy_bytes"), kRows * kColumns);
  const auto peak = run.result.at("memory_peak_bytes").get<std::uint64_t>();
  EXPECT_GE(peak, kMatrixBytes) << "it cannot have been less than what it holds";
  EXPECT_LE(peak, kBound);
  EXPECT_LE(run.result.at("huge_pages_bytes").get<std::uint64_t>(), peak);
  EXPECT_GE(run.result.at("numa_nodes").get<int>(), 1);
}

INSTANTIATE_TEST_SUITE_P(Orders, Memory, ::testing::Values("Fortran", "C"),
                         [](const auto& order) { return order.param; });

}  // namespace
}  // namespace wolfpack::testing
