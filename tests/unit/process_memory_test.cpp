#include "base/process_memory.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "base/large_array.hpp"

namespace wolfpack {
namespace {

TEST(ProcessMemory, FieldsAreReadInBytes) {
  const std::string text = "Name:\tVmHWM\nVmHWMx:\t 9 kB\nVmHWM:\t    2048 kB\nRssAnon:\t1 kB\n";
  EXPECT_EQ(proc_field_bytes(text, "VmHWM"), 2u << 20);
  EXPECT_EQ(proc_field_bytes(text, "RssAnon"), 1024u);
  EXPECT_EQ(proc_field_bytes(text, "Rss"), 0u);
  EXPECT_EQ(proc_field_bytes("VmHWM:", "VmHWM"), 0u);
  EXPECT_EQ(proc_field_bytes("", "VmHWM"), 0u);
}

TEST(ProcessMemory, ListsAreCounted) {
  EXPECT_EQ(count_of_list("0\n"), 1u);
  EXPECT_EQ(count_of_list("0-3,8\n"), 5u);
  EXPECT_EQ(count_of_list("1,3,5-6"), 4u);
  EXPECT_EQ(count_of_list(""), 0u);
  EXPECT_EQ(count_of_list("none"), 0u);
}

TEST(ProcessMemory, PeakRemembersMemoryThatIsGone) {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  const std::uint64_t before = process_memory().peak_bytes;
  ASSERT_GT(before, 0u);
  { const LargeArray<char> touched(kBytes, 'x'); }
  const std::uint64_t after = process_memory().peak_bytes;
  EXPECT_GE(after, before + kBytes * 9 / 10);
  EXPECT_LT(after, before + 2 * kBytes);
}

TEST(ProcessMemory, LargeArraysLieInHugePages) {
  std::ifstream setting("/sys/kernel/mm/transparent_hugepage/enabled");
  const std::string modes(std::istreambuf_iterator<char>(setting), {});
  if (modes.empty() || modes.find("[never]") != std::string::npos)
    GTEST_SKIP() << "this machine's kernel gives no transparent huge pages";
  const std::uint64_t before = process_memory().huge_page_bytes;
  const LargeArray<char> touched(16 * kHugePageBytes, 'x');
  const std::uint64_t after = process_memory().huge_page_bytes;
  if (after == before) GTEST_SKIP() << "no huge page was free";
  EXPECT_GE(after, before + kHugePageBytes);
}

TEST(ProcessMemory, ThereIsANumaNode) { EXPECT_GE(numa_nodes(), 1u); }

}  // namespace
}  // namespace wolfpack
