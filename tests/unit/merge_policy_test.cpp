#include "ps/merge_policy.hpp"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "ps/value.hpp"

namespace wolfpack::ps {
namespace {

Bytes bytes(const char* text) {
  Bytes out;
  for (; *text != 0; ++text) out.push_back(static_cast<std::byte>(*text));
  return out;
}

Bytes written(const MergePolicy& policy) {
  Bytes row;
  policy.write_row(row);
  return row;
}

std::vector<double> numbers(const Bytes& row) {
  const auto view = as_doubles(row);
  return {view.begin(), view.end()};
}

struct Assigned {
  AssignStamp stamp;
  Bytes value;
  bool operator==(const Assigned&) const = default;
};

Assigned assigned(std::span<const std::byte> row) {
  ByteReader reader(row);
  const auto stamp = reader.value<AssignStamp>();
  return {stamp, {reader.rest().begin(), reader.rest().end()}};
}

TEST(AddRow, BeginsWithItsInitialValueAndAddsUpdates) {
  const RowSpec spec = add_row({1, 2});
  const auto policy = spec.make_policy();
  EXPECT_EQ(numbers(written(*policy)), (std::vector<double>{1, 2}));
  policy->merge({0}, {0}, encode_dense(std::vector<double>{10, 10}));
  policy->merge({1}, {0}, encode_sparse(std::vector<Index>{1}, std::vector<double>{5}));
  EXPECT_EQ(numbers(written(*policy)), (std::vector<double>{11, 17}));
}

TEST(AddRow, ChangesOnlyWhereThereWasAnUpdate) {
  const auto policy = add_row({0}).make_policy();
  EXPECT_FALSE(policy->settle({}).changed);
  policy->merge({0}, {0}, encode_dense(std::vector<double>{1}));
  EXPECT_TRUE(policy->settle({}).changed);
  EXPECT_FALSE(policy->settle({}).changed);
}

TEST(AddRow, DeclaresRoomForItsRowAndForAnUpdateOfEveryIndex) {
  const RowSpec spec = add_row(std::vector<double>(5));
  EXPECT_GE(spec.capacity.row_bytes, 5 * sizeof(double));
  const std::vector<Index> all{0, 1, 2, 3, 4};
  EXPECT_GE(spec.capacity.update_bytes, encode_sparse(all, std::vector<double>(5)).size());
  EXPECT_GE(spec.capacity.update_bytes, encode_dense(std::vector<double>(5)).size());
  EXPECT_EQ(spec.own_updates, OwnUpdates::add);
}

TEST(AddRow, EveryPolicyIsItsOwn) {
  const RowSpec spec = add_row({0});
  const auto first = spec.make_policy(), second = spec.make_policy();
  first->merge({0}, {0}, encode_dense(std::vector<double>{1}));
  EXPECT_EQ(numbers(written(*second)), std::vector<double>{0});
}

TEST(AssignRow, BeginsWithItsInitialValueWhichNobodyAssigned) {
  const auto policy = assign_row(bytes("start"), 16).make_policy();
  EXPECT_EQ(assigned(written(*policy)), (Assigned{{0, 0}, bytes("start")}));
}

TEST(AssignRow, TheNewestClockWinsWhateverTheOrderOfArrival) {
  const auto policy = assign_row({}, 16).make_policy();
  policy->merge({0}, {4}, bytes("four"));
  policy->merge({1}, {2}, bytes("two"));
  EXPECT_EQ(assigned(written(*policy)), (Assigned{{4, 1}, bytes("four")}));
  policy->merge({1}, {5}, bytes("five"));
  EXPECT_EQ(assigned(written(*policy)), (Assigned{{5, 2}, bytes("five")}));
}

TEST(AssignRow, OfOneClockTheLargestWorkerWinsAndOfOneWorkerTheLastUpdate) {
  const auto policy = assign_row({}, 16).make_policy();
  policy->merge({2}, {0}, bytes("c"));
  policy->merge({1}, {0}, bytes("b"));
  EXPECT_EQ(assigned(written(*policy)), (Assigned{{0, 3}, bytes("c")}));
  policy->merge({2}, {0}, bytes("c again"));
  EXPECT_EQ(assigned(written(*policy)), (Assigned{{0, 3}, bytes("c again")}));
}

TEST(AssignRow, ChangesOnlyWhereAnUpdateWon) {
  const auto policy = assign_row({}, 16).make_policy();
  policy->merge({1}, {3}, bytes("x"));
  EXPECT_TRUE(policy->settle({}).changed);
  policy->merge({0}, {3}, bytes("y"));
  EXPECT_FALSE(policy->settle({}).changed);
}

struct Best {
  double objective;
  Bytes bytes;
  bool operator==(const Best&) const = default;
};

Best best(std::span<const std::byte> row) {
  const Scored scored = decode_scored(row);
  return {scored.objective, {scored.bytes.begin(), scored.bytes.end()}};
}

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(MinObjectiveRow, BeginsWithItsInitialValueWhichAnythingFiniteBeats) {
  const auto policy = min_objective_row(bytes("start"), 16).make_policy();
  EXPECT_EQ(best(written(*policy)), (Best{kInfinite, bytes("start")}));
  policy->merge({0}, {0}, encode_scored(kInfinite, bytes("no better")));
  EXPECT_EQ(best(written(*policy)).bytes, bytes("start"));
  policy->merge({0}, {0}, encode_scored(1e300, bytes("finite")));
  EXPECT_EQ(best(written(*policy)), (Best{1e300, bytes("finite")}));
}

TEST(MinObjectiveRow, TheSmallerObjectiveWinsWhateverTheOrderOfArrival) {
  const std::vector<double> objectives{0.5, -2.0, 0.25, -1.0};
  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    const auto policy = min_objective_row({}, 16).make_policy();
    for (const std::size_t k : order)
      policy->merge({static_cast<std::uint32_t>(k)}, {7 - k}, encode_scored(objectives[k], Bytes(k, std::byte{1})));
    EXPECT_EQ(best(written(*policy)), (Best{-2.0, Bytes(1, std::byte{1})}));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(MinObjectiveRow, TiesKeepWhatIsThere) {
  const auto policy = min_objective_row({}, 16).make_policy();
  policy->merge({3}, {9}, encode_scored(1.0, bytes("first")));
  policy->merge({0}, {2}, encode_scored(1.0, bytes("second")));
  EXPECT_EQ(best(written(*policy)), (Best{1.0, bytes("first")}));
}

TEST(MinObjectiveRow, NaNNeverWins) {
  const auto policy = min_objective_row(bytes("start"), 16).make_policy();
  policy->merge({0}, {0}, encode_scored(kNaN, bytes("nan")));
  EXPECT_EQ(best(written(*policy)).bytes, bytes("start"));
  policy->merge({0}, {0}, encode_scored(2.0, bytes("two")));
  policy->merge({0}, {1}, encode_scored(kNaN, bytes("nan")));
  EXPECT_EQ(best(written(*policy)), (Best{2.0, bytes("two")}));
}

TEST(MinObjectiveRow, ChangesOnlyWhereAnUpdateWon) {
  const auto policy = min_objective_row({}, 16).make_policy();
  EXPECT_FALSE(policy->settle({}).changed);
  policy->merge({0}, {0}, encode_scored(1.0, bytes("x")));
  EXPECT_TRUE(policy->settle({}).changed);
  policy->merge({0}, {1}, encode_scored(1.5, bytes("worse")));
  EXPECT_FALSE(policy->settle({}).changed);
}

TEST(MinObjectiveRow, DeclaresRoomForTheObjectiveAndTheBytes) {
  const RowSpec spec = min_objective_row({}, 16);
  const Bytes full = encode_scored(1.0, Bytes(16));
  EXPECT_GE(spec.capacity.update_bytes, full.size());
  EXPECT_GE(spec.capacity.row_bytes, full.size());
  EXPECT_EQ(spec.own_updates, OwnUpdates::min_objective);
}

TEST(MinObjectiveRow, AnUpdateWithoutAnObjectiveIsRefused) {
  const auto policy = min_objective_row({}, 16).make_policy();
  EXPECT_THROW(policy->merge({0}, {0}, bytes("short")), RuntimeFailure);
}

TEST(Overlay, ShowsAnOwnBetterValueAndNoWorseOne) {
  Bytes row = encode_scored(2.0, bytes("folded"));
  overlay(OwnUpdates::min_objective, {1}, {8}, encode_scored(2.0, bytes("equal")), row);
  overlay(OwnUpdates::min_objective, {1}, {8}, encode_scored(kNaN, bytes("nan")), row);
  EXPECT_EQ(best(row), (Best{2.0, bytes("folded")}));
  overlay(OwnUpdates::min_objective, {1}, {8}, encode_scored(1.0, bytes("a longer better one")), row);
  EXPECT_EQ(best(row), (Best{1.0, bytes("a longer better one")}));
}

TEST(Overlay, AddsAnOwnUpdate) {
  Bytes row;
  ByteWriter(row).array(std::span<const double>(std::vector<double>{1, 2}));
  overlay(OwnUpdates::add, {0}, {7}, encode_sparse(std::vector<Index>{1}, std::vector<double>{0.5}), row);
  EXPECT_EQ(numbers(row), (std::vector<double>{1, 2.5}));
}

TEST(Overlay, AssignsOnlyWhatIsNewerThanTheRow) {
  const auto policy = assign_row({}, 16).make_policy();
  policy->merge({2}, {5}, bytes("folded"));
  Bytes row = written(*policy);
  overlay(OwnUpdates::assign, {1}, {5}, bytes("older"), row);
  EXPECT_EQ(assigned(row).value, bytes("folded"));
  overlay(OwnUpdates::assign, {1}, {6}, bytes("newer"), row);
  EXPECT_EQ(assigned(row), (Assigned{{6, 2}, bytes("newer")}));
}

TEST(Overlay, TheApplicationsOwnRowsAreLeftAlone) {
  Bytes row = bytes("12345678");
  overlay(OwnUpdates::application, {0}, {0}, bytes("x"), row);
  overlay(OwnUpdates::wait, {0}, {0}, bytes("x"), row);
  EXPECT_EQ(row, bytes("12345678"));
}

}  // namespace
}  // namespace wolfpack::ps
