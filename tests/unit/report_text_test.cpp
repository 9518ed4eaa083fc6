#include <limits>

#include <gtest/gtest.h>

#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

TEST(ReportText, EscapesWhatHtmlReads) {
  EXPECT_EQ(escape("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  EXPECT_EQ(escape("tab\tstays, bell\a goes"), "tab\tstays, bell\ufffd goes");
}

TEST(ReportText, WritesNumbersAsPeopleReadThem) {
  EXPECT_EQ(number(0.0, 3), "0");
  EXPECT_EQ(number(1234.5678, 6), "1234.57");
  EXPECT_EQ(number(-0.00012345, 3), "\u22120.000123");
  EXPECT_EQ(number(7.3e-7, 2), "7.3\u00a0×\u00a010⁻⁷");
  EXPECT_EQ(number(-2.5e12, 2), "\u22122.5\u00a0×\u00a010¹²");
  EXPECT_EQ(number(9.9999e-5, 2), "0.00010");  // rounds up into the range written without a power
  EXPECT_EQ(number(std::numeric_limits<double>::infinity(), 2), "∞");
}

TEST(ReportText, TrimsWhatSomebodyTyped) {
  EXPECT_EQ(trimmed(1.0, 4), "1");
  EXPECT_EQ(trimmed(0.25, 6), "0.25");
  EXPECT_EQ(trimmed(1440.78, 6), "1440.78");
  EXPECT_EQ(trimmed(100.0, 6), "100");
  EXPECT_EQ(trimmed(1e-6, 3), "10⁻⁶");
  EXPECT_EQ(trimmed(2.5e-6, 3), "2.5\u00a0×\u00a010⁻⁶");
}

TEST(ReportText, GroupsThousandsFromFiveDigits) {
  EXPECT_EQ(count(0), "0");
  EXPECT_EQ(count(9999), "9999");
  EXPECT_EQ(count(60000), "60\u202f000");
  EXPECT_EQ(count(1234567), "1\u202f234\u202f567");
  EXPECT_EQ(count(-123456), "\u2212123\u202f456");
  EXPECT_EQ(plural(1, "worker"), "1 worker");
  EXPECT_EQ(plural(0, "worker"), "0 workers");
}

TEST(ReportText, WritesSizesInTheUnitThatFits) {
  EXPECT_EQ(byte_size(0), "0\u00a0B");
  EXPECT_EQ(byte_size(8), "8\u00a0B");
  EXPECT_EQ(byte_size(1000), "1000\u00a0B");
  EXPECT_EQ(byte_size(8192), "8\u00a0KiB");
  EXPECT_EQ(byte_size(3 << 19), "1.5\u00a0MiB");
  EXPECT_EQ(byte_size(Index{4} << 30), "4\u00a0GiB");
  EXPECT_EQ(byte_size(100'001), "100\u202f001\u00a0B");
}

TEST(ReportText, ChoosesTheUnitOfADuration) {
  EXPECT_EQ(duration(2.1e-4), "210 µs");
  EXPECT_EQ(duration(0.0123), "12.3 ms");
  EXPECT_EQ(duration(61.2), "61.2 s");
  EXPECT_EQ(duration(125.4), "2 min 5 s");
}

TEST(ReportText, NeverPrintsASmallShareAsZero) {
  EXPECT_EQ(percent(0.0), "0.0%");
  EXPECT_EQ(percent(1e-5), "&lt;0.1%");
  EXPECT_EQ(percent(0.1234), "12.3%");
}

}  // namespace
}  // namespace wolfpack::report
