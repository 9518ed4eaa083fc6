#include "base/file_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

namespace wolfpack {
namespace {

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(FileDescriptor, ClosesItselfOnceAndMoves) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  FileDescriptor reader(ends[0]);
  {
    FileDescriptor first(ends[1]);
    FileDescriptor second(std::move(first));
    EXPECT_EQ(second.get(), ends[1]);
    char byte = 'w';
    EXPECT_EQ(write(second.get(), &byte, 1), 1);
  }
  char bytes[2];
  EXPECT_EQ(read(reader.get(), bytes, 2), 1);
  EXPECT_EQ(read(reader.get(), bytes, 2), 0) << "the writing end is still open";
}

TEST(FileDescriptor, ClosesWhatItHeldWhereAnotherIsMovedIn) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  FileDescriptor kept(ends[0]);
  kept = FileDescriptor(ends[1]);
  EXPECT_EQ(kept.get(), ends[1]);
  EXPECT_FALSE(is_open(ends[0]));
  EXPECT_TRUE(is_open(ends[1]));
}

TEST(FileDescriptor, ThatIsReleasedStaysOpen) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    FileDescriptor released(ends[0]);
    EXPECT_EQ(released.release(), ends[0]);
    EXPECT_EQ(released.get(), -1);
  }
  EXPECT_TRUE(is_open(ends[0]));
  for (const int end : ends) close(end);
}

}  // namespace
}  // namespace wolfpack
