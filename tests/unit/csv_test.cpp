#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/data/dataset.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace wolfpack::testing;

class Csv : public ::testing::Test {
 protected:
  Dataset open(std::string_view text, const std::string& target) const {
    return Dataset::open({.data = scratch_.write("a.csv", text), .target = target});
  }

  /// What opening refuses, after the path.
  std::string refusal(std::string_view text, const std::string& target = "y") const {
    const std::string message = input_error([&] { static_cast<void>(open(text, target)); });
    const std::string path = scratch_.path("a.csv");
    EXPECT_THAT(message, StartsWith(path));
    return message.substr(std::min(path.size(), message.size()));
  }

  ScratchDirectory scratch_;
};

TEST_F(Csv, TheNamedColumnIsTheTargetAndNoFeature) {
  const std::string text = "a,y,\"b, \"\"c\"\"\" , d \r\n1,10,-2, 0.5\r\n 3 ,20,4e0,+6\n\n\n";
  const Dataset data = open(text, "y");
  EXPECT_THAT(data.target(), ElementsAre(10, 20));
  EXPECT_EQ(all_rows(data), (NumberRows{{1, -2, 0.5}, {3, 4, 6}}));
  EXPECT_EQ(to_rows(data.load({1, 1})), (NumberRows{{-2}, {4}}));
  EXPECT_EQ(to_rows(data.load({2, 1})), (NumberRows{{0.5}, {6}}));
  EXPECT_TRUE(std::holds_alternative<DenseMatrix<double>>(data.load({0, 3})));
  EXPECT_THAT(open(text, "b, \"c\"").target(), ElementsAre(-2, 4));
  EXPECT_THAT(open(text, "a").target(), ElementsAre(1, 3));
  EXPECT_THAT(open(text, "d").target(), ElementsAre(0.5, 6));
}

TEST_F(Csv, ATargetThatIsNoColumnIsAFile) {
  const Dataset data = open("a,b\n1,2\n3,4\n", scratch_.write("y.txt", "5\n6\n"));
  EXPECT_THAT(data.target(), ElementsAre(5, 6));
  EXPECT_EQ(all_rows(data), (NumberRows{{1, 2}, {3, 4}}));
  EXPECT_EQ(to_rows(data.load({1, 1})), (NumberRows{{2}, {4}}));
}

TEST_F(Csv, RefusesATargetThatIsNeither) {
  EXPECT_THAT(
      refusal("a,b\n1,2\n", "c"),
      StartsWith(
          ":1: 'c' is neither a column nor a file; expected --target with a target file or one of the columns a, b"));
  EXPECT_THAT(refusal("a,b\n1,2\n", ""), StartsWith(":1: no target is named; expected --target with"));
  EXPECT_THAT(refusal("y,b,y\n1,2,3\n"), StartsWith(":1: several columns are named 'y'; expected one"));
  EXPECT_THAT(refusal("y\n1\n"), StartsWith(":1: the target is the only column; expected"));
}

TEST_F(Csv, RefusesHeaders) {
  EXPECT_THAT(refusal("1,2.5\n3,4\n"),
              StartsWith(":1: holds numbers only; expected a first line with the columns' names"));
  EXPECT_THAT(refusal("\na,y\n1,2\n"), StartsWith(":1: is blank; expected"));
  EXPECT_THAT(refusal("a,\"y\n1,2\n"), StartsWith(":1: a quoted column name has no end; expected"));
  EXPECT_THAT(refusal("\"a\"b,y\n1,2\n"), StartsWith(":1: 'b,y' follows a quoted name; expected a comma"));
  EXPECT_THAT(refusal("a,y\n"), StartsWith(": holds a header but no row; expected"));
  EXPECT_EQ(refusal(""), ": is empty; expected data");
}

TEST_F(Csv, RefusesRowsNamingTheirLine) {
  EXPECT_THAT(refusal("a,y\n1,2\n3\n"), StartsWith(":3: holds 1 fields; expected 2, as in the header"));
  EXPECT_THAT(refusal("a,y\n1,2,3\n"), StartsWith(":2: ',3' is too much; expected 2 fields"));
  EXPECT_THAT(refusal("a,y\n1;2\n"), StartsWith(":2: '1;2' is not a number; expected a finite number in every field"));
  EXPECT_THAT(refusal("a,y\n1,nan\n"), StartsWith(":2: 'nan' is not a finite float64 number"));
  EXPECT_THAT(refusal("a,y\n,2\n"), StartsWith(":2: ',2' is not a number; expected"));
  EXPECT_THAT(refusal("a,y\n1,\n"), StartsWith(":2: the line ends too early; expected"));
  EXPECT_THAT(refusal("a,y\n1,\"2\"\n"), StartsWith(":2: '\"2\"' is not a number; expected"));
  EXPECT_THAT(refusal("a,y\n1,2\n\n3,4\n"), StartsWith(":3: is blank but not at the end"));
}

}  // namespace
}  // namespace wolfpack::data
