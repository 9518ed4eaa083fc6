#include "experiments/data/svmlight.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matrices.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace wolfpack::testing;

class Svmlight : public ::testing::Test {
 protected:
  Dataset open(std::string_view text) const {
    return Dataset::open({.data = scratch_.write("a.libsvm", text), .target = ""});
  }

  /// What opening refuses, after the path.
  std::string refusal(std::string_view text) const {
    const std::string message = input_error([&] { static_cast<void>(open(text)); });
    const std::string path = scratch_.path("a.libsvm");
    EXPECT_THAT(message, StartsWith(path));
    return message.substr(std::min(path.size(), message.size()));
  }

  ScratchDirectory scratch_;
};

TEST_F(Svmlight, ReadsLabelsIndicesAndComments) {
  const Dataset data = open("# heading\n+1 2:0.5 9:-3e1\r\n\n-2.5 qid:7 1:4 # why\n0\n");
  EXPECT_THAT(data.target(), ElementsAre(1.0, -2.5, 0.0));
  EXPECT_EQ(data.rows(), 3);
  EXPECT_EQ(data.columns(), 9);
  EXPECT_EQ(all_rows(data),
            (NumberRows{{0, 0.5, 0, 0, 0, 0, 0, 0, -30}, {4, 0, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0, 0}}));
}

TEST_F(Svmlight, SparseTextIsStoredSparseAndDenseTextDense) {
  EXPECT_TRUE(std::holds_alternative<SparseMatrix<double>>(open("1 1:1\n1 2:1\n").load({0, 2})));
  EXPECT_TRUE(std::holds_alternative<DenseMatrix<double>>(open("1 1:1 2:7\n1 2:1\n").load({0, 2})));
  EXPECT_EQ(all_rows(open("1 1:1 2:7\n1 2:1\n")), (NumberRows{{1, 7}, {0, 1}}));
}

TEST_F(Svmlight, LoadsAnyRangeOfColumnsInOneStorage) {
  const Dataset data = open("1 1:1 4:4\n2 2:2\n3 3:3 5:5\n");
  const NumberRows all = all_rows(data);
  for (std::size_t first = 0; first <= 5; ++first) {
    for (std::size_t count = 0; first + count <= 5; ++count) {
      const Matrix part = data.load({static_cast<Index>(first), static_cast<Index>(count)});
      EXPECT_TRUE(std::holds_alternative<SparseMatrix<double>>(part));
      EXPECT_EQ(to_rows(part), some_columns(all, first, count));
    }
  }
}

TEST_F(Svmlight, ExplicitZerosCountAsColumnsButAreNotStored) {
  const Dataset data = open("1 1:1 6:0\n2 2:-0 3:1\n");
  EXPECT_EQ(data.columns(), 6);
  EXPECT_EQ(std::get<SparseMatrix<double>>(data.load({0, 6})).values.size(), 2u);
}

TEST_F(Svmlight, OneRowAndOneColumnWork) { EXPECT_EQ(all_rows(open("3 1:2")), (NumberRows{{2}})); }

TEST_F(Svmlight, RefusesBadLinesNamingThem) {
  EXPECT_THAT(refusal("1 1:nan\n"), StartsWith(":1: 'nan' is not a finite float64 number; expected LABEL INDEX:VALUE"));
  EXPECT_THAT(refusal("1 1:1\n1 1:inf\n"), StartsWith(":2: 'inf' is not a finite"));
  EXPECT_THAT(refusal("inf 1:1\n"), StartsWith(":1: 'inf' is not a finite"));
  EXPECT_THAT(refusal("1 1:x\n"), StartsWith(":1: 'x' is not a number; expected"));
  EXPECT_THAT(refusal("x 1:1\n"), StartsWith(":1: 'x' is not a number; expected"));
  EXPECT_THAT(refusal("1 1:\n"), StartsWith(":1: the line ends too early; expected"));
  EXPECT_THAT(refusal("1 7\n"), StartsWith(":1: '7' has no value; expected"));
  EXPECT_THAT(refusal("1 a:1\n"), StartsWith(":1: 'a:1' is not a whole number; expected"));
  EXPECT_THAT(refusal("1 1.5:1\n"), StartsWith(":1: '1.5:1' is not a whole number; expected"));
  EXPECT_THAT(refusal("1 1:1:1\n"), StartsWith(":1: '1:1' is not a number; expected"));
  EXPECT_THAT(refusal("1:1 2:1\n"), StartsWith(":1: '1:1' is not a number; expected"));
}

TEST_F(Svmlight, RefusesIndicesThatAreNotIncreasingFromOne) {
  EXPECT_THAT(refusal("1 0:1\n"), StartsWith(":1: '0:1' is not in 1 .. 2147483647; expected"));
  EXPECT_THAT(refusal("1 -1:1\n"), StartsWith(":1: '-1:1' is not in 1 .. 2147483647; expected"));
  EXPECT_THAT(refusal("1 1:1\n# x\n1 2:1 1:1\n"), StartsWith(":3: '1:1' follows index 2; expected"));
  EXPECT_THAT(refusal("1 2:1 2:1\n"), StartsWith(":1: '2:1' follows index 2; expected"));
  EXPECT_THAT(refusal("1 2147483648:1\n"), StartsWith(":1: '2147483648:1' is not in 1 .. 2147483647; expected"));
  EXPECT_THAT(refusal("1 99999999999999999999:1\n"), HasSubstr("is not in 1 .. 2147483647; expected"));
}

TEST_F(Svmlight, RefusesFilesWithoutRowsOrColumns) {
  EXPECT_EQ(refusal(""), ": is empty; expected data");
  EXPECT_THAT(refusal("# nothing\n\n"), StartsWith(": holds no row; expected lines LABEL"));
  EXPECT_THAT(refusal("1\n2\n"), StartsWith(": holds labels but no column; expected lines LABEL"));
}

TEST_F(Svmlight, WritingAndReadingGivesTheSameBits) {
  const double third = 1.0 / 3.0;
  const SparseMatrix<double> a{3, 5, {0, 2, 2, 3, 4, 4}, {0, 2, 1, 0}, {third, 1e-300, -0.1, 7}};
  const std::vector<double> target{1e22, -third, 0.0};
  for (const char* name : {"b.libsvm", "b.svm.gz"}) {
    write_svmlight(scratch_.path(name), a.view(), target);
    const Dataset data = Dataset::open({.data = scratch_.path(name), .target = ""});
    EXPECT_EQ(data.target(), target);
    EXPECT_EQ(data.columns(), 5) << "the empty last column is kept by an explicit zero";
    const auto b = std::get<SparseMatrix<double>>(data.load({0, 5}));
    EXPECT_EQ(b.column_starts, a.column_starts);
    EXPECT_EQ(b.row_indices, a.row_indices);
    EXPECT_EQ(b.values, a.values);
  }
  EXPECT_THAT(ScratchDirectory::read(scratch_.path("b.libsvm")), StartsWith("1e+22 1:0.3333333333333333 4:7 5:0\n"));
  EXPECT_THAT(ScratchDirectory::read(scratch_.path("b.svm.gz")), StartsWith("\x1f\x8b"));
}

TEST_F(Svmlight, WritingLeavesNoTemporaryFileAndNamesAFolderThatIsAbsent) {
  const SparseMatrix<double> a{1, 1, {0, 1}, {0}, {1.0}};
  write_svmlight(scratch_.path("only.svm"), a.view(), std::vector<double>{1.0});
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch_.path("")), {}), 1);
  const std::string absent = scratch_.path("no/such.svm");
  EXPECT_THAT(input_error([&] { write_svmlight(absent, a.view(), std::vector<double>{1.0}); }),
              StartsWith(absent + ": cannot be created: No such file"));
}

}  // namespace
}  // namespace wolfpack::data
