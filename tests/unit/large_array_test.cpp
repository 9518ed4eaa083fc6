#include "base/large_array.hpp"

#include <cstdint>
#include <memory>
#include <numeric>
#include <span>

#include <gtest/gtest.h>

namespace wolfpack {
namespace {

template <class T>
std::uintptr_t address(const LargeArray<T>& array) {
  return reinterpret_cast<std::uintptr_t>(array.data());
}

TEST(LargeArray, IsAlignedForHugePagesFromTheirSizeOn) {
  for (const std::size_t extra : {std::size_t{0}, std::size_t{1}, 5 * kHugePageBytes / sizeof(float)})
    EXPECT_EQ(address(LargeArray<float>(kHugePageBytes / sizeof(float) + extra)) % kHugePageBytes, 0u) << extra;
}

TEST(LargeArray, LeavesElementsWithoutAValueAsTheyAre) {
  int element = 7;
  LargeArrayAllocator<int> allocator;
  std::allocator_traits<LargeArrayAllocator<int>>::construct(allocator, &element);
  EXPECT_EQ(element, 7);
  EXPECT_EQ(LargeArray<int>(3, 0), (LargeArray<int>{0, 0, 0}));
}

TEST(LargeArray, KeepsItsElementsAsItGrowsPastAHugePage) {
  LargeArray<double> array;
  const auto count = static_cast<std::size_t>(1.5 * kHugePageBytes / sizeof(double));
  for (std::size_t i = 0; i < count; ++i) array.push_back(static_cast<double>(i));
  EXPECT_EQ(std::accumulate(array.begin(), array.end(), 0.0), static_cast<double>(count * (count - 1) / 2));
  const LargeArray<double> copy = array;
  array.assign(2, 7.0);
  EXPECT_EQ(copy.size(), count);
  EXPECT_EQ(copy.back(), static_cast<double>(count - 1));
  EXPECT_EQ(std::span<const double>(array).back(), 7.0);
}

TEST(LargeArray, RefusesMoreThanAnAddressCanReach) {
  EXPECT_THROW((void)LargeArrayAllocator<double>().allocate(std::size_t{1} << 61), std::bad_array_new_length);
}

}  // namespace
}  // namespace wolfpack
