#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "sgd/labels.hpp"
#include "sgd/minibatches.hpp"
#include "sgd/parameters.hpp"
#include "sgd/samples.hpp"
#include "tests/support/logistic_samples.hpp"

namespace wolfpack::sgd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LogisticProblem;

const LogisticProblem& small() {
  static const LogisticProblem problem{{{1, 0, 2}, {0, 0, 0}, {0, 3, -4}, {5, 0, 0}, {0, 6, 0}}, {1, -1, 1, -1, 1}, 0};
  return problem;
}

template <class T>
std::vector<T> listed(std::span<const T> values) {
  return {values.begin(), values.end()};
}

TEST(TakeSamples, GivesEveryWorkerItsRowsOfAnyStorage) {
  const auto check = [](const MatrixView& matrix) {
    const Samples odd = take_samples(matrix, small().labels, {1}, 2);
    ASSERT_EQ(odd.size(), 2u);
    EXPECT_THAT(odd.labels, ElementsAre(-1, -1));
    EXPECT_TRUE(odd.indices(0).empty());
    EXPECT_THAT(listed(odd.indices(1)), ElementsAre(0));
    EXPECT_THAT(listed(odd.values(1)), ElementsAre(5));
    const Samples even = take_samples(matrix, small().labels, {0}, 2);
    ASSERT_EQ(even.size(), 3u);
    EXPECT_THAT(listed(even.indices(0)), ElementsAre(0, 2));
    EXPECT_THAT(listed(even.values(1)), ElementsAre(3, -4));
    EXPECT_EQ(even.features, 3);
  };
  check(testing::dense_matrix(small()).view());
  check(testing::sparse_matrix(small()).view());
  DenseMatrix<float> single{5, 3, {}};
  for (const double value : testing::dense_matrix(small()).values) single.values.push_back(static_cast<float>(value));
  check(single.view());
}

TEST(TakeSamples, MoreWorkersThanSamplesLeavesSomeWithout) {
  std::size_t all = 0;
  for (std::uint32_t worker = 0; worker < 8; ++worker) all += testing::samples_of(small(), worker, 8).size();
  EXPECT_EQ(all, 5u);
  EXPECT_EQ(testing::samples_of(small(), 7, 8).size(), 0u);
}

TEST(FeatureSummaries, OfPartsAddUpToThatOfTheWhole) {
  const FeatureSummary whole = summarise(testing::samples_of(small()));
  EXPECT_THAT(whole.counts, ElementsAre(2, 2, 2));
  EXPECT_THAT(whole.largest, ElementsAre(5, 6, 4));
  FeatureSummary sum{0, std::vector<double>(3), std::vector<double>(3)};
  for (std::uint32_t worker = 0; worker < 3; ++worker) add_to(sum, summarise(testing::samples_of(small(), worker, 3)));
  EXPECT_EQ(sum.samples, 5u);
  EXPECT_EQ(sum.counts, whole.counts);
  EXPECT_EQ(sum.largest, whole.largest);
}

TEST(Minibatches, OfAnEpochAreAllSamplesOnceEachInANewOrder) {
  Minibatches batches(23, 5, 1, {0});
  std::vector<std::vector<Index>> orders;
  for (std::uint64_t clock = 0; clock < 15; ++clock) {
    if (clock % 5 == 0) orders.emplace_back();
    const auto batch = batches.at({clock});
    EXPECT_GE(batch.size(), 4u);
    EXPECT_LE(batch.size(), 5u);
    orders.back().insert(orders.back().end(), batch.begin(), batch.end());
  }
  EXPECT_NE(orders[0], orders[1]);
  for (auto order : orders) {
    std::sort(order.begin(), order.end());
    ASSERT_EQ(order.size(), 23u);
    for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], static_cast<Index>(i));
  }
}

TEST(Minibatches, FollowTheSeedAndTheWorker) {
  const auto first = [](std::uint64_t seed, std::uint32_t worker) {
    Minibatches batches(50, 1, seed, {worker});
    return listed(batches.at({0}));
  };
  EXPECT_EQ(first(3, 1), first(3, 1));
  EXPECT_NE(first(3, 1), first(4, 1));
  EXPECT_NE(first(3, 1), first(3, 2));
}

TEST(Parameters, BlocksCutTheWholeVectorWithoutAGap) {
  for (const Index features : {0, 1, 6, 123})
    for (const std::uint32_t blocks : {1u, 2u, 3u, 7u}) {
      const Parameters layout{.features = features, .blocks = blocks};
      EXPECT_EQ(layout.begin(0), 0);
      EXPECT_EQ(layout.begin(blocks), layout.count());
      for (Index j = 0; j < layout.count(); ++j) {
        const std::uint32_t b = layout.block_of(j);
        EXPECT_LE(layout.begin(b), j);
        EXPECT_GT(layout.begin(b + 1), j);
      }
      EXPECT_EQ(layout.evaluations().value % blocks, 0u) << "shard 0 holds it";
    }
}

TEST(Labels, AnyTwoNumbersAreClassesAndTheLargerIsPositive) {
  const std::vector<double> target{3, 7.5, 7.5, 3};
  const Classes classes = find_classes(target, "y.txt");
  EXPECT_EQ(classes.negative, 3);
  EXPECT_EQ(classes.positive, 7.5);
  EXPECT_THAT(to_labels(target, classes, "y.txt"), ElementsAre(-1, 1, 1, -1));
}

std::string refusal(const std::vector<double>& target) {
  try {
    static_cast<void>(find_classes(target, "y.txt"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Labels, OtherThanTwoValuesAreRefusedWithTheValuesSeen) {
  EXPECT_THAT(refusal({1, 2, 3, 2}), ::testing::AllOf(HasSubstr("y.txt"), HasSubstr("1, 2, 3"), HasSubstr("accepted")));
  EXPECT_THAT(refusal({4, 4}), HasSubstr("4 only"));
  EXPECT_THAT(refusal({1, 2, 3, 4, 5, 6, 7}), HasSubstr("1, 2, 3, 4, 5, ..."));
  EXPECT_THAT(refusal({}), HasSubstr("none"));
}

TEST(Labels, OfTestDataMustBeTheTrainingDatas) {
  try {
    static_cast<void>(to_labels(std::vector<double>{0, 1, 2}, {0, 1}, "test.svm"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(),
                ::testing::AllOf(HasSubstr("test.svm"), HasSubstr("sample 3 is 2"), HasSubstr("0 and 1")));
  }
}

}  // namespace
}  // namespace wolfpack::sgd
