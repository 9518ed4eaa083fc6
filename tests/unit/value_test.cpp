#include "ps/value.hpp"

#include <gtest/gtest.h>

namespace wolfpack::ps {
namespace {

TEST(Value, DenseAddsEveryNumber) {
  std::vector<double> target{1, 2, 3};
  add_to(target, encode_dense(std::vector<double>{10, 20, 30}));
  EXPECT_EQ(target, (std::vector<double>{11, 22, 33}));
}

TEST(Value, SparseAddsWhereItsIndicesSayAlsoTwice) {
  std::vector<double> target{1, 2, 3};
  add_to(target, encode_sparse(std::vector<Index>{2, 0, 2}, std::vector<double>{5, 7, 100}));
  EXPECT_EQ(target, (std::vector<double>{8, 2, 108}));
}

TEST(Value, NothingIsAValidSparseValueAndAValidDenseOneOfNoRow) {
  std::vector<double> target{1};
  add_to(target, encode_sparse({}, {}));
  EXPECT_EQ(target, std::vector<double>{1});
  add_to({}, encode_dense({}));
}

TEST(Value, WhatDoesNotFitItsRowThrows) {
  std::vector<double> target(3);
  EXPECT_THROW(add_to(target, encode_dense(std::vector<double>(2))), RuntimeFailure);
  EXPECT_THROW(add_to(target, encode_dense(std::vector<double>(4))), RuntimeFailure);
  EXPECT_THROW(add_to(target, encode_sparse(std::vector<Index>{3}, std::vector<double>{1})), RuntimeFailure);
  EXPECT_THROW(add_to(target, encode_sparse(std::vector<Index>{-1}, std::vector<double>{1})), RuntimeFailure);
  Bytes cut = encode_dense(std::vector<double>(3));
  cut.pop_back();
  EXPECT_THROW(add_to(target, cut), RuntimeFailure);
  EXPECT_EQ(target, std::vector<double>(3));
}

TEST(Value, ARowIsReadAsNumbers) {
  Bytes row;
  ByteWriter(row).array(std::span<const double>(std::vector<double>{1.5, -4}));
  const auto numbers = as_doubles(row);
  EXPECT_EQ(std::vector<double>(numbers.begin(), numbers.end()), (std::vector<double>{1.5, -4}));
}

}  // namespace
}  // namespace wolfpack::ps
