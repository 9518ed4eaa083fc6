#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/data/dataset.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace wolfpack::testing;

class MatrixMarket : public ::testing::Test {
 protected:
  Dataset open(std::string_view text, int rows) const {
    std::string target;
    for (int i = 0; i < rows; ++i) target += "1\n";
    return Dataset::open({.data = scratch_.write("a.mtx", text), .target = scratch_.write("y.txt", target)});
  }

  /// What opening refuses, after the path.
  std::string refusal(std::string_view text) const {
    const std::string message = input_error([&] { static_cast<void>(open(text, 1)); });
    const std::string path = scratch_.path("a.mtx");
    EXPECT_THAT(message, StartsWith(path));
    return message.substr(std::min(path.size(), message.size()));
  }

  ScratchDirectory scratch_;
};

TEST_F(MatrixMarket, ReadsCoordinatesInAnyOrder) {
  const Dataset data =
      open("%%MatrixMarket matrix coordinate real general\n% said\n%\n\n3 4 4\n3 1 -1.5\n1 1 2\r\n2 4 1e3\n1 4 0\n", 3);
  EXPECT_EQ(data.columns(), 4);
  EXPECT_TRUE(std::holds_alternative<SparseMatrix<double>>(data.load({0, 4})));
  const NumberRows all{{2, 0, 0, 0}, {0, 0, 0, 1000}, {-1.5, 0, 0, 0}};
  EXPECT_EQ(all_rows(data), all);
  EXPECT_EQ(to_rows(data.load({1, 3})), some_columns(all, 1, 3));
}

TEST_F(MatrixMarket, SumsEntriesGivenTwice) {
  EXPECT_EQ(all_rows(open("%%MatrixMarket matrix coordinate integer general\n3 3 4\n2 1 1\n1 1 5\n2 1 2\n3 3 1\n", 3)),
            (NumberRows{{5, 0, 0}, {3, 0, 0}, {0, 0, 1}}));
  EXPECT_EQ(all_rows(open("%%MatrixMarket matrix coordinate integer general\n1 1 2\n1 1 1\n1 1 5\n", 1)),
            (NumberRows{{6}}))
      << "dense";
}

TEST_F(MatrixMarket, RefusesASumBeyondFloat64) {
  const Dataset sparse = open("%%MatrixMarket matrix coordinate real general\n3 3 2\n2 3 1e308\n2 3 1e308\n", 3);
  EXPECT_THAT(input_error([&] {
                static_cast<void>(sparse.load({1, 2}));
              }),
              HasSubstr("a.mtx: the entries given for row 2, column 3 (from 1) sum to more"));
  const Dataset dense = open("%%MatrixMarket matrix coordinate real general\n1 1 2\n1 1 1e308\n1 1 1e308\n", 1);
  EXPECT_THAT(input_error([&] {
                static_cast<void>(dense.load({0, 1}));
              }),
              HasSubstr("row 1, column 1 (from 1) sum to more"));
}

TEST_F(MatrixMarket, MirrorsSymmetricMatrices) {
  EXPECT_EQ(all_rows(open("%%MatrixMarket matrix coordinate real symmetric\n3 3 2\n1 1 7\n3 1 2\n", 3)),
            (NumberRows{{7, 0, 2}, {0, 0, 0}, {2, 0, 0}}));
  EXPECT_EQ(all_rows(open("%%MatrixMarket matrix coordinate real skew-symmetric\n3 3 1\n3 1 2\n", 3)),
            (NumberRows{{0, 0, -2}, {0, 0, 0}, {2, 0, 0}}));
  EXPECT_EQ(all_rows(open("%%MatrixMarket matrix array real symmetric\n3 3\n1\n2\n3\n4\n5\n6\n", 3)),
            (NumberRows{{1, 2, 3}, {2, 4, 5}, {3, 5, 6}}));
  EXPECT_EQ(all_rows(open("%%MatrixMarket matrix array integer skew-symmetric\n3 3\n1\n2\n3\n", 3)),
            (NumberRows{{0, -1, -2}, {1, 0, -3}, {2, 3, 0}}));
}

TEST_F(MatrixMarket, ReadsPatternsAndArrays) {
  EXPECT_EQ(all_rows(open("%%MatrixMarket MATRIX Coordinate Pattern General\n2 3 2\n2 1\n1 3\n", 2)),
            (NumberRows{{0, 0, 1}, {1, 0, 0}}));
  const Dataset array = open("%%MatrixMarket matrix array real general\n2 3\n1\n2\n3\n4\n5\n6\n", 2);
  EXPECT_EQ(all_rows(array), (NumberRows{{1, 3, 5}, {2, 4, 6}}));
  EXPECT_EQ(to_rows(array.load({1, 1})), (NumberRows{{3}, {4}}));
  EXPECT_TRUE(std::holds_alternative<DenseMatrix<double>>(array.load({1, 1})));
}

TEST_F(MatrixMarket, RefusesBanners) {
  EXPECT_THAT(refusal("1 1 1\n"),
              StartsWith(":1: is no Matrix Market banner; expected %%MatrixMarket matrix coordinate|array"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1 0\n"),
              HasSubstr("complex general' is not read; expected %%MatrixMarket"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate real hermitian\n"), HasSubstr("is not read; expected"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix array pattern general\n"), HasSubstr("is not read; expected"));
  EXPECT_THAT(refusal("%%MatrixMarket vector coordinate real general\n"), HasSubstr("is not read; expected"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate real\n"), HasSubstr("is not read; expected"));
}

TEST_F(MatrixMarket, RefusesSizes) {
  const std::string banner = "%%MatrixMarket matrix coordinate real general\n";
  EXPECT_THAT(refusal(banner + "% only\n"),
              StartsWith(": ends before its sizes; expected the size line ROWS COLUMNS ENTRIES"));
  EXPECT_THAT(refusal(banner + "0 1 0\n"), StartsWith(":2: '0' is not in 1 .. 2147483647; expected the size line"));
  EXPECT_THAT(refusal(banner + "2147483648 1 1\n"), StartsWith(":2: '2147483648' is not in 1 .. 2147483647; expected"));
  EXPECT_THAT(refusal(banner + "1 1\n"), StartsWith(":2: the line ends too early; expected the size line"));
  EXPECT_THAT(refusal(banner + "1 1 1 1\n"), StartsWith(":2: '1' is too much; expected the size line"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate real symmetric\n2 3 1\n1 1 1\n"),
              StartsWith(":2: the matrix is symmetric but not square"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix array real general\n2147483647 2147\n1\n"),
              StartsWith(": ends after 1 entries; expected 4610647390109"));
}

TEST_F(MatrixMarket, RefusesEntriesNamingTheirLine) {
  const std::string head = "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1\n";
  EXPECT_THAT(refusal(head), StartsWith(": ends after 1 entries; expected 2"));
  EXPECT_THAT(refusal(head + "2 2 1\n1 2 1\n"), StartsWith(":5: is one entry too many; expected 2"));
  EXPECT_THAT(refusal(head + "3 1 1\n"),
              StartsWith(":4: row 3, column 1 is outside of the matrix; expected at most 2, 2"));
  EXPECT_THAT(refusal(head + "0 1 1\n"), StartsWith(":4: '0' is not in 1 .. 2147483647; expected ROW COLUMN VALUE"));
  EXPECT_THAT(refusal(head + "1 1 nan\n"), StartsWith(":4: 'nan' is not a finite float64 number"));
  EXPECT_THAT(refusal(head + "1 1\n"), StartsWith(":4: the line ends too early; expected a finite number"));
  EXPECT_THAT(refusal(head + "1 1 1 1\n"), StartsWith(":4: '1' is too much; expected one entry a line"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate integer general\n1 1 1\n1 1 1.5\n"),
              StartsWith(":3: '1.5' is not whole; expected"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate pattern general\n1 1 1\n1 1 1\n"),
              StartsWith(":3: '1' is too much; expected ROW COLUMN"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 2 1\n"),
              StartsWith(":3: row 1, column 2 is implied by symmetry"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n1 1 0\n"),
              StartsWith(":3: row 1, column 1 is implied by symmetry"));
}

TEST_F(MatrixMarket, NeedsATarget) {
  const std::string path = scratch_.write("b.mtx", "%%MatrixMarket matrix array real general\n1 1\n1\n");
  EXPECT_EQ(input_error([&] { static_cast<void>(Dataset::open({.data = path, .target = ""})); }),
            path + ": a .mtx file needs a target; expected --target with a .npy or text file");
}

}  // namespace
}  // namespace wolfpack::data
