#include "base/partition.hpp"

#include <gtest/gtest.h>

namespace wolfpack {
namespace {

TEST(Partition, CoversEveryColumnOnceInOrder) {
  for (const Index columns : {0, 1, 2, 7, 100, 10001}) {
    for (const std::size_t workers : {1, 2, 3, 7, 64, 200}) {
      Index next = 0;
      for (std::uint32_t i = 0; i < workers; ++i) {
        const ColumnRange range = partition(columns, WorkerId{i}, workers);
        EXPECT_EQ(range.first, next) << columns << " columns, worker " << i << " of " << workers;
        EXPECT_GE(range.count, 0);
        next += range.count;
      }
      EXPECT_EQ(next, columns);
    }
  }
}

TEST(Partition, SizesDifferByAtMostOneAndTheFirstAreLarger) {
  const std::size_t workers = 4;
  EXPECT_EQ(partition(10, WorkerId{0}, workers).count, 3);
  EXPECT_EQ(partition(10, WorkerId{1}, workers).count, 3);
  EXPECT_EQ(partition(10, WorkerId{2}, workers).count, 2);
  EXPECT_EQ(partition(10, WorkerId{3}, workers).count, 2);
}

TEST(Partition, LeavesWorkersEmptyWhereColumnsAreFew) {
  EXPECT_EQ(partition(2, WorkerId{1}, 5).count, 1);
  EXPECT_EQ(partition(2, WorkerId{2}, 5).count, 0);
  EXPECT_EQ(partition(2, WorkerId{4}, 5).first, 2);
}

}  // namespace
}  // namespace wolfpack
