#include "experiments/data/coefficients_file.hpp"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

using ::testing::HasSubstr;

std::string complaint(const std::function<void()>& read) {
  try {
    read();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(CoefficientsFile, IsReadInAnyOrder) {
  const testing::ScratchDirectory scratch;
  const std::string text = "index,value\r\n7,-0.5\r\n\r\n0,1e-300\n3, 0\n";
  for (const std::string& path : {scratch.write("a.csv", text), scratch.write_gzipped("a.csv.gz", text)}) {
    const auto read = read_coefficients(path);
    ASSERT_EQ(read.size(), 3u);
    EXPECT_EQ(read[0].column, 0);
    EXPECT_EQ(read[0].value, 1e-300);
    EXPECT_EQ(read[0].line, 4);
    EXPECT_EQ(read[1].column, 3);
    EXPECT_EQ(read[2].column, 7);
    EXPECT_EQ(read[2].value, -0.5);
  }
  EXPECT_TRUE(read_coefficients(scratch.write("none.csv", "index,value\n")).empty());
}

TEST(CoefficientsFile, NamesTheLineThatIsWrong) {
  const testing::ScratchDirectory scratch;
  const auto told = [&](const std::string& text) {
    const std::string path = scratch.write("a.csv", text);
    return complaint([&] { (void)read_coefficients(path); });
  };
  EXPECT_THAT(told("index\n"), HasSubstr("a.csv:1: "));
  EXPECT_THAT(told("index,value\n1,1\n2;1\n"), HasSubstr("a.csv:3: "));
  EXPECT_THAT(told("index,value\n1,1\n2,inf\n"), HasSubstr("a.csv:3: "));
  EXPECT_THAT(told("index,value\n2,1\n1,1\n2,1\n"), HasSubstr("a.csv:4: index 2 was in line 2 already"));
  EXPECT_THAT(told("index,value\n99999999999,1\n"), HasSubstr("a.csv:2: "));
}

TEST(CoefficientsFile, OfAPathHasAllPoints) {
  const testing::ScratchDirectory scratch;
  const auto points = read_path(scratch.write("path.csv", "point,index,value\n3,1,0.5\n1,9,1\n1,2,-1\n"));
  ASSERT_EQ(points.size(), 4u);
  EXPECT_TRUE(points[0].empty());
  ASSERT_EQ(points[1].size(), 2u);
  EXPECT_EQ(points[1][0].column, 2);
  EXPECT_TRUE(points[2].empty());
  EXPECT_EQ(points[3][0].value, 0.5);
  for (const char* line : {"0,1", "0,1,1\n0,1,2", "-1,0,1", "2000000,0,1", "0,0,1,1"})
    EXPECT_THAT(complaint([&] {
                  (void)read_path(scratch.write("path.csv", std::string("point,index,value\n") + line + "\n"));
                }),
                HasSubstr("path.csv:"))
        << line;
}

}  // namespace
}  // namespace wolfpack::data
