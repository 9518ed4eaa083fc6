#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

#include "gpu/placement.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::gpu {
namespace {

using Places = std::vector<std::size_t>;

Places placed(const std::vector<int>& workers, const std::vector<int>& gpus) { return place_on_gpus(workers, gpus); }

TEST(GpuPlacement, TakesTheNearestOfThoseWithTheFewestWorkers) {
  EXPECT_EQ(placed({1, 0}, {0, 1}), (Places{1, 0}));
  EXPECT_EQ(placed({0, 0, 1, 1}, {1, 1, 0, 0}), (Places{2, 3, 0, 1}));
  EXPECT_EQ(placed({1, 1, 0}, {0, 1}), (Places{1, 0, 0}));  // one each, before any gets a second
}

TEST(GpuPlacement, TakesThemInOrderWhereNothingIsKnown) {
  EXPECT_EQ(placed({-1, -1, -1}, {-1, -1}), (Places{0, 1, 0}));
  EXPECT_EQ(placed({0, 0}, {-1, -1}), (Places{0, 1}));
}

TEST(GpuPlacement, SeveralWorkersShareAGpu) { EXPECT_EQ(placed({0, 1, 0}, {0}), (Places{0, 0, 0})); }

TEST(GpuPlacement, LeavesMemoryToCuda) {
  const std::uint64_t gib = std::uint64_t{1} << 30;
  EXPECT_EQ(share_of_memory(80 * gib, 1), 80 * gib - 3 * gib / 4);
  EXPECT_EQ(share_of_memory(80 * gib, 4), 20 * gib - 3 * gib / 4);
  EXPECT_EQ(share_of_memory(4 * gib, 4), gib - gib / 8);
}

TEST(GpuPlacement, KnowsTheNodeOfItsCoresWhereTheyAreOfOne) {
  testing::ScratchDirectory scratch;
  const std::filesystem::path cpus = scratch.path("cpu");
  for (int core = 0; core < 1024; ++core) {
    const auto folder = cpus / ("cpu" + std::to_string(core));
    std::filesystem::create_directories(folder / "node3");
    std::filesystem::create_directories(folder / "node_of_another_kind");
  }
  EXPECT_EQ(own_numa_node(cpus), 3);
  EXPECT_EQ(own_numa_node(cpus / "not there"), -1);
}

}  // namespace
}  // namespace wolfpack::gpu
