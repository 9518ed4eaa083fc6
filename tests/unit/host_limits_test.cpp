// Memory, huge pages and cores as the kernel shows them, and what to do where they are too little.
#include "transport/host_limits.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scratch_directory.hpp"
#include "transport/devices.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class HostLimitsOf : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((sysfs_ / file).parent_path());
    std::ofstream(sysfs_ / file) << text << "\n";
  }
  static Machine good() {
    Machine machine;
    machine.shared_memory_folder = "/dev/shm";
    machine.shared_memory_bytes = std::uint64_t{1} << 40;
    return machine;  // without an RDMA device, which no limit is to blame for
  }
  testing::ScratchDirectory scratch_;
  std::filesystem::path sysfs_ = scratch_.path("sys");
};

TEST_F(HostLimitsOf, AMachineThatHasAllNeedsNoAdvice) {
  const HostLimits limits = host_limits(good(), sysfs_);
  EXPECT_EQ(limits.locked_memory.advice, "");
  EXPECT_FALSE(limits.locked_memory.limit_bytes);
  EXPECT_EQ(limits.shared_memory.advice, "");
  EXPECT_EQ(limits.shared_memory.free_bytes, std::uint64_t{1} << 40);
  EXPECT_EQ(limits.huge_pages.advice, "");
  EXPECT_EQ(limits.huge_pages.transparent, "");
  EXPECT_THAT(limits.huge_pages.pools, SizeIs(0));
  EXPECT_GE(limits.cores.usable, 1u);
  EXPECT_LE(limits.cores.usable, limits.cores.online);
}

TEST_F(HostLimitsOf, TooLittleMemoryIsTold) {
  Machine machine = good();
  machine.locked_memory_bytes = 65536;
  machine.shared_memory_bytes = 1 << 20;
  const HostLimits limits = host_limits(machine, sysfs_);
  EXPECT_THAT(limits.locked_memory.advice, HasSubstr("ulimit -l"));
  EXPECT_EQ(limits.locked_memory.limit_bytes, 65536u);
  EXPECT_THAT(limits.shared_memory.advice, HasSubstr("--shm-size"));
}

TEST_F(HostLimitsOf, HugePagesAreListedBySize) {
  write("kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "2");
  write("kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1");
  write("kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512");
  write("kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "500");
  write("kernel/mm/transparent_hugepage/enabled", "always madvise [never]");
  const HugePages pages = host_limits(good(), sysfs_).huge_pages;
  ASSERT_THAT(pages.pools, SizeIs(2));
  EXPECT_EQ(pages.pools[0].page_bytes, 2u << 20);
  EXPECT_EQ(pages.pools[0].total, 512u);
  EXPECT_EQ(pages.pools[0].free, 500u);
  EXPECT_EQ(pages.pools[1].page_bytes, 1u << 30);
  EXPECT_EQ(pages.transparent, "never");
  EXPECT_THAT(pages.advice, HasSubstr("echo madvise"));
}

TEST_F(HostLimitsOf, NumaNodesAreListedInTheirOrder) {
  for (const char* node : {"node10", "node2", "node0"})
    write(std::string("devices/system/node/") + node + "/cpulist", node[4] == '0' ? "0-3,8" : "4-7");
  write("devices/system/node/online", "0,2,10");
  const auto nodes = host_limits(good(), sysfs_).cores.nodes;
  ASSERT_THAT(nodes, SizeIs(3));
  EXPECT_EQ(nodes[0].cores, "0-3,8");
  EXPECT_EQ(nodes[1].index, 2);
  EXPECT_EQ(nodes[2].index, 10);
}

TEST(KernelLists, TheChoiceIsInBrackets) {
  EXPECT_EQ(chosen_in("always [madvise] never"), "madvise");
  EXPECT_EQ(chosen_in(""), "");
  EXPECT_EQ(chosen_in("]["), "");
}

TEST(RelaxedOrderingSetting, OnIsRefusedAndSaysWhy) {
  EXPECT_EQ(relaxed_ordering("").advice, "");
  EXPECT_EQ(relaxed_ordering("off").advice, "");
  EXPECT_THAT(relaxed_ordering("on").advice, HasSubstr("UCX_IB_PCI_RELAXED_ORDERING=on"));
}

}  // namespace
}  // namespace wolfpack::transport
