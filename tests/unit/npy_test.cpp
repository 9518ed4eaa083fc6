#include "experiments/data/npy.hpp"

#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matrices.hpp"
#include "tests/support/npy_bytes.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace wolfpack::testing;

constexpr const char* kTwoByThree = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n";
const std::vector<double> kSix{1, 2, 3, 4, 5, 6};

NumberRows load_all(const DatasetReader& reader) { return to_rows(reader.load({0, reader.columns()})); }

class Npy : public ::testing::Test {
 protected:
  std::string write(std::string_view bytes) const { return scratch_.write("a.npy", bytes); }

  /// What opening, then loading all, refuses, after the path.
  std::string refusal(std::string_view bytes) const {
    const std::string path = write(bytes);
    const std::string message = input_error([&] { load_all(*open_npy(path)); });
    EXPECT_THAT(message, StartsWith(path + ": "));
    return message.substr(std::min(path.size() + 2, message.size()));
  }
  std::string header_refusal(std::string_view dict) const { return refusal(npy_bytes(dict, bytes_of(kSix))); }

  ScratchDirectory scratch_;
};

TEST_F(Npy, ReadsBothOrdersAndBothPrecisions) {
  const NumberRows by_rows{{1, 2, 3}, {4, 5, 6}}, by_columns{{1, 3, 5}, {2, 4, 6}};
  EXPECT_EQ(load_all(*open_npy(write(npy_bytes(kTwoByThree, bytes_of(kSix))))), by_rows);
  const std::vector<float> six(kSix.begin(), kSix.end());
  const std::string fortran = npy_bytes("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", bytes_of(six));
  const auto reader = open_npy(write(fortran));
  EXPECT_EQ(load_all(*reader), by_columns);
  EXPECT_TRUE(std::holds_alternative<DenseMatrix<float>>(reader->load({1, 2})));
}

TEST_F(Npy, ReadsHeadersAsPythonReadsThem) {
  const NumberRows expected{{1, 2, 3}, {4, 5, 6}};
  for (const char* dict : {"{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<f8\"}",
                           "{ 'shape' : ( 2L , 3L, ) , 'descr' : '<f8' ,'fortran_order': False , }   \n",
                           "{'descr':'<f8','fortran_order':False,'shape':(2,3)}"}) {
    for (const int version : {1, 2, 3}) {
      EXPECT_EQ(load_all(*open_npy(write(npy_bytes(dict, bytes_of(kSix), version)))), expected) << dict;
    }
  }
}

TEST_F(Npy, LoadsEveryRangeOfALargerMatrixInBothOrdersPlainAndGzipped) {
  constexpr Index kRows = 130, kColumns = 201;  // more than two tiles, and no multiple of one
  NumberRows expected(kRows, std::vector<double>(kColumns));
  std::vector<double> by_rows, by_columns;
  for (auto& row : expected) {
    for (double& x : row) by_rows.push_back(x = static_cast<double>(by_rows.size()) / 7.0);
  }
  for (std::size_t j = 0; j < kColumns; ++j) {
    for (const auto& row : expected) by_columns.push_back(row[j]);
  }
  const std::string c = npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (130, 201)}", bytes_of(by_rows));
  const std::string f = npy_bytes("{'descr': '<f8', 'fortran_order': True, 'shape': (130, 201)}", bytes_of(by_columns));
  for (const std::string& path : {scratch_.write("c.npy", c), scratch_.write("f.npy", f),
                                  scratch_.write_gzipped("c.npy.gz", c), scratch_.write_gzipped("f.npy.gz", f)}) {
    const auto reader = open_npy(path);
    for (const ColumnRange range : {ColumnRange{0, kColumns}, {0, 1}, {200, 1}, {63, 66}, {100, 0}, {201, 0}}) {
      EXPECT_EQ(to_rows(reader->load(range)),
                some_columns(expected, static_cast<std::size_t>(range.first), static_cast<std::size_t>(range.count)))
          << path << " from " << range.first;
    }
  }
}

TEST_F(Npy, WritersRoundTrip) {
  const DenseMatrix<float> a{2, 3, {1, 2, 3, 4, 5, 0.1f}};
  const std::vector<double> b_values{0.1, -1e300, 5e-324};
  const DenseMatrix<double> b{3, 1, {b_values.begin(), b_values.end()}};
  for (const char* name : {"b.npy", "b.npy.gz"}) {
    write_npy(scratch_.path(name), a.view());
    EXPECT_EQ(std::get<DenseMatrix<float>>(open_npy(scratch_.path(name))->load({0, 3})).values, a.values);
    write_npy(scratch_.path(name), b.view());
    EXPECT_EQ(std::get<DenseMatrix<double>>(open_npy(scratch_.path(name))->load({0, 1})).values, b.values);
    EXPECT_EQ(read_npy_vector(scratch_.path(name)), b_values) << "shape (3, 1)";
    write_npy(scratch_.path(name), std::span(b_values));
    EXPECT_EQ(read_npy_vector(scratch_.path(name)), b_values) << "shape (3,)";
  }
  EXPECT_THAT(ScratchDirectory::read(scratch_.path("b.npy")),
              StartsWith("\x93NUMPY\x01" + std::string("\0\x76\0", 3) +
                         "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"));
}

TEST_F(Npy, RefusesOtherTypesAndShapes) {
  EXPECT_EQ(header_refusal("{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3)}"),
            "its dtype is '<i8'; expected '<f4' or '<f8' (float32 or float64, little-endian)");
  EXPECT_THAT(header_refusal("{'descr': '>f8', 'fortran_order': False, 'shape': (2, 3)}"),
              StartsWith("its dtype is '>f8'; expected"));
  EXPECT_THAT(header_refusal("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}"),
              StartsWith("its dtype is '|O'; expected"));
  EXPECT_THAT(header_refusal("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2, 3)}"),
              HasSubstr("a plain dtype, such as '<f4', must be a string"));
  EXPECT_THAT(header_refusal("{'descr': '<f8', 'fortran_order': False, 'shape': (6,)}"),
              StartsWith("its shape is (6); expected two dimensions, samples x features"));
  EXPECT_THAT(header_refusal("{'descr': '<f8', 'fortran_order': False, 'shape': ()}"),
              StartsWith("its shape is (); expected"));
  EXPECT_THAT(header_refusal("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 6)}"),
              StartsWith("its shape is (0, 6); expected 1 .. 2147483647"));
  EXPECT_THAT(header_refusal("{'descr': '<f8', 'fortran_order': False, 'shape': (6, 0)}"),
              StartsWith("its shape is (6, 0); expected"));
}

TEST_F(Npy, RefusesHeadersThatAreNoSuchDict) {
  for (const char* dict :
       {"", "{", "{}", "{'descr': '<f8', 'shape': (2, 3)}", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (2, 3)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)} x",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, -3)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': [2, 3]}",
        "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (6)}",
        "{'descr': '<f8 'fortran_order': False, 'shape': (2, 3)}",
        "{'x': '<f8', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,, 3)}",
        "{'descr' '<f8', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999, 3)}",
        "# 'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)"}) {
    EXPECT_THAT(header_refusal(dict), StartsWith("its .npy header is wrong: ")) << dict;
  }
}

TEST_F(Npy, RefusesWhatIsNoNpyFile) {
  EXPECT_THAT(refusal("1 2 3\n"), StartsWith("does not begin like a .npy file; expected \\x93NUMPY"));
  EXPECT_THAT(refusal("\x93NUMPY"), StartsWith("does not begin like a .npy file; expected"));
  EXPECT_THAT(refusal(npy_bytes(kTwoByThree, bytes_of(kSix), 4)),
              StartsWith("is of .npy version 4.0; expected 1.0, 2.0 or 3.0"));
  EXPECT_THAT(refusal(npy_bytes(kTwoByThree, "").substr(0, 9)), StartsWith("ends within its .npy header; expected"));
  EXPECT_THAT(refusal(npy_bytes(kTwoByThree, "").substr(0, 40)), StartsWith("ends within its .npy header; expected"));
  EXPECT_THAT(refusal(std::string("\x93NUMPY\x02\0\xff\xff\xff\xff{", 13)),
              StartsWith("its .npy header is 4294967295 bytes long; expected at most 65536"));
}

TEST_F(Npy, RefusesAFileTooShortOrTooLong) {
  const std::string whole = npy_bytes(kTwoByThree, bytes_of(kSix));
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 1)),
              StartsWith("its header promises 48 bytes of values but the file has 117 bytes"));
  EXPECT_THAT(refusal(whole + "x"), StartsWith("its header promises 48 bytes of values but the file has 119 bytes"));
  EXPECT_THAT(header_refusal("{'descr': '<f8', 'fortran_order': False, 'shape': (2147483647, 2147483647)}"),
              StartsWith("its shape promises more than any file holds"));
  EXPECT_THAT(header_refusal("{'descr': '<f8', 'fortran_order': False, 'shape': (2147483647, 2147483648)}"),
              HasSubstr("expected 1 .. 2147483647 rows and columns"));

  for (const bool fortran : {false, true}) {
    const std::string dict =
        std::string("{'descr': '<f8', 'fortran_order': ") + (fortran ? "True" : "False") + ", 'shape': (2, 3)}";
    const std::string bytes = npy_bytes(dict, bytes_of(kSix));
    const auto load = [&](const std::string& path) {
      return input_error([&] { static_cast<void>(open_npy(path)->load({0, 1})); });
    };
    EXPECT_THAT(load(scratch_.write_gzipped("s.npy.gz", bytes.substr(0, bytes.size() - 1))),
                HasSubstr("s.npy.gz: ends before its values do; expected 48 bytes"));
    EXPECT_THAT(load(scratch_.write_gzipped("l.npy.gz", bytes + "x")),
                HasSubstr("l.npy.gz: goes on after its values; expected"));
  }
  EXPECT_THAT(input_error([&] {
                static_cast<void>(open_npy(scratch_.write_gzipped(
                    "h.npy.gz", npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (2000000, 2000000)}",
                                          bytes_of(kSix)))));
              }),
              HasSubstr("h.npy.gz: its header promises 32000000000000 bytes"));
}

TEST_F(Npy, RefusesValuesThatAreNotFiniteWithinTheRangeOnly) {
  std::vector<double> values = kSix;
  values[5] = std::numeric_limits<double>::quiet_NaN();
  const std::string c = npy_bytes(kTwoByThree, bytes_of(values));
  EXPECT_EQ(refusal(c), "row 1, column 2 (from 0) holds nan; expected finite numbers");
  EXPECT_EQ(to_rows(open_npy(write(c))->load({0, 2})), (NumberRows{{1, 2}, {4, 5}}));
  EXPECT_THAT(input_error([&] {
                static_cast<void>(open_npy(write(c))->load({2, 1}));
              }),
              HasSubstr("row 1, column 2 (from 0) holds nan"));
  std::vector<float> floats{1, 2, -std::numeric_limits<float>::infinity(), 4, 5, 6};
  EXPECT_EQ(refusal(npy_bytes("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}", bytes_of(floats))),
            "row 0, column 1 (from 0) holds -inf; expected finite numbers");
}

TEST_F(Npy, ReadsTargetsOfAnyNumericType) {
  const auto read = [&](const char* descr, const std::string& values, const char* shape = "(2,)") {
    return read_npy_vector(write(
        npy_bytes(std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': " + shape + "}", values)));
  };
  const std::vector<double> expected{3, -2};
  EXPECT_EQ(read("<f8", bytes_of<double>({3, -2})), expected);
  EXPECT_EQ(read("<f4", bytes_of<float>({3, -2})), expected);
  EXPECT_EQ(read("<f2", bytes_of<std::uint16_t>({0x4200, 0xc000})), expected);
  EXPECT_EQ(read("<f16", bytes_of<long double>({3, -2})), expected);
  EXPECT_EQ(read("|i1", bytes_of<std::int8_t>({3, -2})), expected);
  EXPECT_EQ(read("<i2", bytes_of<std::int16_t>({3, -2})), expected);
  EXPECT_EQ(read(">i2", std::string("\0\3\xff\xfe", 4)), expected);
  EXPECT_EQ(read("<i4", bytes_of<std::int32_t>({3, -2}), "(2, 1)"), expected);
  EXPECT_EQ(read("<i8", bytes_of<std::int64_t>({3, -2})), expected);
  EXPECT_EQ(read("|u1", bytes_of<std::uint8_t>({3, 254})), (std::vector<double>{3, 254}));
  EXPECT_EQ(read("<u8", bytes_of<std::uint64_t>({3, 1ull << 63})), (std::vector<double>{3, 0x1p63}));
  EXPECT_EQ(read("|b1", bytes_of<std::uint8_t>({1, 0})), (std::vector<double>{1, 0}));
  EXPECT_EQ(read("<f2", bytes_of<std::uint16_t>({0x0001, 0x7bff})), (std::vector<double>{0x1p-24, 65504}));
}

TEST_F(Npy, RefusesTargetsOfOtherShapesTypesAndValues) {
  const auto refuse = [&](const char* descr, const char* shape, const std::string& values) {
    const std::string path = write(
        npy_bytes(std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': " + shape + "}", values));
    const std::string message = input_error([&] { static_cast<void>(read_npy_vector(path)); });
    EXPECT_THAT(message, StartsWith(path + ": "));
    return message.substr(std::min(path.size() + 2, message.size()));
  };
  const std::string two = bytes_of<double>({1, 2});
  EXPECT_EQ(refuse("<f8", "(1, 2)", two), "its shape is (1, 2); expected (n,) or (n, 1) for a target");
  EXPECT_EQ(refuse("<f8", "()", two), "its shape is (); expected (n,) or (n, 1) for a target");
  EXPECT_EQ(refuse("<f8", "(0,)", ""), "its shape is (0); expected (n,) or (n, 1) for a target");
  EXPECT_EQ(refuse("<U8", "(2,)", two), "its dtype is '<U8'; expected floats or integers");
  EXPECT_EQ(refuse("<c16", "(1,)", two), "its dtype is '<c16'; expected floats or integers");
  EXPECT_EQ(refuse("", "(2,)", two), "its dtype is ''; expected floats or integers");
  EXPECT_THAT(refuse("<f8", "(3,)", two), StartsWith("its header promises 24 bytes of values"));
  EXPECT_THAT(refuse("<f8", "(4611686018427387904,)", two), StartsWith("its shape promises more than any file holds"));
  EXPECT_EQ(refuse("<f8", "(2,)", bytes_of<double>({1, HUGE_VAL})), "value 1 (from 0) is inf; expected finite numbers");
}

TEST_F(Npy, ColumnsOfLongRowsAreReadBlockByBlock) {
  constexpr Index kRows = 300, kColumns = 10'000;  // half of the columns are three blocks, and a gap is not read
  std::vector<double> values(kRows * kColumns);
  std::iota(values.begin(), values.end(), 0.0);
  const std::string dict = "{'descr': '<f8', 'fortran_order': False, 'shape': (300, 10000)}";
  const std::string path = scratch_.write("long.npy", npy_bytes(dict, bytes_of(values)));
  const Matrix half = open_npy(path)->load({2500, 5000});
  const DenseView<double> view = std::get<DenseMatrix<double>>(half).view();
  for (Index j = 0; j < view.columns; ++j)
    for (Index i = 0; i < kRows; ++i)
      ASSERT_EQ(view.column(j)[static_cast<std::size_t>(i)], values[static_cast<std::size_t>(i * kColumns + 2500 + j)]);

  values[250 * kColumns + 7001] = std::numeric_limits<double>::quiet_NaN();
  static_cast<void>(scratch_.write("long.npy", npy_bytes(dict, bytes_of(values))));
  EXPECT_THAT(input_error([&] {
                static_cast<void>(open_npy(path)->load({2500, 5000}));
              }),
              HasSubstr("row 250, column 7001 (from 0) holds nan; expected finite numbers"));
  EXPECT_NO_THROW(static_cast<void>(open_npy(path)->load({0, 5000}))) << "the bad number is another worker's";
}

}  // namespace
}  // namespace wolfpack::data
