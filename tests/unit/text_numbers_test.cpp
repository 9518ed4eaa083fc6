#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/data/text.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using wolfpack::testing::input_error;
using wolfpack::testing::ScratchDirectory;

double parse(const std::string& text) {
  const ScratchDirectory scratch;
  LineReader lines(scratch.write("number", text));
  EXPECT_TRUE(lines.next());
  TextScanner scanner(lines);
  const double value = scanner.real("a number");
  EXPECT_TRUE(scanner.at_end());
  return value;
}

TEST(TextNumbers, ReadsTheFormsOfANumber) {
  EXPECT_EQ(parse("1"), 1.0);
  EXPECT_EQ(parse("+1"), 1.0);
  EXPECT_EQ(parse(" \t-2.5e-3 "), -2.5e-3);
  EXPECT_EQ(parse("+.5"), 0.5);
  EXPECT_EQ(parse("1E+5"), 1e5);
  EXPECT_EQ(parse("0.1000000000000000055511151231257827"), 0.1);
  EXPECT_EQ(parse("1.7976931348623157e308"), 1.7976931348623157e308);
}

TEST(TextNumbers, TinyNumbersBecomeDenormalOrZero) {
  EXPECT_EQ(parse("5e-324"), 5e-324);
  EXPECT_EQ(parse("1e-400"), 0.0);
  EXPECT_EQ(parse("-1e-400"), 0.0);
}

TEST(TextNumbers, RefusesWhatIsNoFiniteNumber) {
  for (const char* junk : {"x", "+", "-", "+-1", "++1", "1x", "1,5", "0x10", "1e", "--1", "1:2", "\x01"}) {
    EXPECT_THAT(input_error([&] { parse(junk); }), HasSubstr(" is not a number; expected a number")) << junk;
  }
  for (const char* infinite : {"nan", "NaN", "inf", "-inf", "+inf", "infinity", "1e400", "-1e400"}) {
    EXPECT_THAT(input_error([&] { parse(infinite); }), HasSubstr(" is not a finite float64 number")) << infinite;
  }
}

TEST(TextNumbers, MessagesStayOnePrintableLine) {
  const std::string message = input_error([] { parse(std::string("\x1b[2J\r\0z", 7).append(100, 'q')); });
  EXPECT_THAT(message, HasSubstr("number:1: '\\x1b[2J\\x0d\\x00zqqq"));
  EXPECT_THAT(message, HasSubstr("'... is not a number"));
}

TEST(LineReader, KnowsLineEndsNumbersAndTheByteOrderMark) {
  const ScratchDirectory scratch;
  LineReader lines(scratch.write("lines",
                                 "\xef\xbb\xbf"
                                 "first\r\n\nthird"));
  std::vector<std::string> seen;
  while (lines.next()) seen.emplace_back(lines.text());
  EXPECT_THAT(seen, ElementsAre("first", "", "third"));
  EXPECT_EQ(lines.number(), 3);
}

TEST(LineReader, ReadsLinesLongerThanItsBuffer) {
  const ScratchDirectory scratch;
  const std::string first(300'000, 'a'), second(2'000'000, 'b');
  for (const std::string& path : {scratch.write("long", first + "\n" + second + "\nc\n"),
                                  scratch.write_gzipped("long.gz", first + "\n" + second + "\nc\n")}) {
    LineReader lines(path);
    ASSERT_TRUE(lines.next());
    EXPECT_EQ(lines.text(), first);
    ASSERT_TRUE(lines.next());
    EXPECT_EQ(lines.text(), second);
    ASSERT_TRUE(lines.next());
    EXPECT_EQ(lines.text(), "c");
    EXPECT_FALSE(lines.next());
  }
}

}  // namespace
}  // namespace wolfpack::data
