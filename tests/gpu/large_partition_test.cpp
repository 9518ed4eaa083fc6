// Partitions with more numbers than 32 bits count. Only for a device: the emulated one would take hours.
#include <cstddef>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/gpu/selectors.hpp"

namespace wolfpack::gpu {
namespace {

std::uint64_t free_host_bytes() {
  return static_cast<std::uint64_t>(sysconf(_SC_AVPHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

TEST(GpuLargePartition, FindsColumnsBeyondTwoToThe31Numbers) {
  if (const std::string reason = why_no_device(); !reason.empty()) GTEST_SKIP() << reason;
  constexpr Index kRows = 1000, kColumns = 2'200'000;  // 2.2e9 numbers: 8.8 GB here, 4.4 GB there, as bfloat16
  constexpr std::uint64_t kHost = std::uint64_t{12} << 30, kDevice = std::uint64_t{6} << 30;
  if (free_host_bytes() < kHost) GTEST_SKIP() << "less than 12 GiB of host memory are free";
  if (list_devices().front().memory_bytes < kDevice) GTEST_SKIP() << "the device has less than 6 GiB";
  DenseMatrix<float> matrix{kRows, kColumns, {}};
  matrix.values.resize(static_cast<std::size_t>(kRows * kColumns), 0.0F);
  const std::vector<Index> marked{kColumns - 1, kColumns / 2, 2'147'484, 0};  // 2^31 lies in column 2,147,483
  for (std::size_t k = 0; k < marked.size(); ++k)
    for (Index i = 0; i < kRows; ++i)
      matrix.values[static_cast<std::size_t>(marked[k] * kRows + i)] = static_cast<float>(4 - k);
  const GpuSelector gpu = make_gpu_atom_selector(matrix.view());
  EXPECT_EQ(gpu.storage, "dense bfloat16");
  const std::vector<double> dual(kRows, 1.0);
  for (int pass = 0; pass < 2; ++pass) {
    const SelectedAtoms best = gpu.selector->select({.dual = dual, .count = 4, .excluded = {}});
    EXPECT_EQ(column_numbers(best), marked);
    EXPECT_EQ(best.largest_score, 4.0 * kRows);
    EXPECT_EQ(best.columns_evaluated, kColumns);
  }
  EXPECT_EQ(gpu.selector->column(kColumns - 1).values, std::vector<double>(kRows, 4.0));
  EXPECT_EQ(gpu.selector->column(kColumns - 2).values, std::vector<double>(kRows, 0.0));
}

}  // namespace
}  // namespace wolfpack::gpu
