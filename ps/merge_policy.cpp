#include "ps/merge_policy.hpp"

#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/status.hpp"
#include "ps/value.hpp"

namespace wolfpack::ps {
namespace {

class AddPolicy final : public MergePolicy {
 public:
  explicit AddPolicy(std::vector<double> initial) : value_(std::move(initial)) {}
  void merge(WorkerId, Clock, std::span<const std::byte> update) override {
    add_to(value_, update);
    changed_ = true;
  }
  Settlement settle(const SettleContext&) override { return {.changed = std::exchange(changed_, false), .stop = {}}; }
  void write_row(Bytes& row) const override { ByteWriter(row).array(std::span<const double>(value_)); }

 private:
  std::vector<double> value_;
  bool changed_ = false;
};

class AssignPolicy final : public MergePolicy {
 public:
  explicit AssignPolicy(Bytes initial) : value_(std::move(initial)) {}
  void merge(WorkerId writer, Clock clock, std::span<const std::byte> update) override {
    const AssignStamp stamp{clock.value, writer.value + std::uint64_t{1}};
    if (stamp < stamp_) return;
    stamp_ = stamp;
    value_.assign(update.begin(), update.end());
    changed_ = true;
  }
  Settlement settle(const SettleContext&) override { return {.changed = std::exchange(changed_, false), .stop = {}}; }
  void write_row(Bytes& row) const override {
    ByteWriter writer(row);
    writer.value(stamp_);
    writer.array(std::span<const std::byte>(value_));
  }

 private:
  AssignStamp stamp_;
  Bytes value_;
  bool changed_ = false;
};

class MinObjectivePolicy final : public MergePolicy {
 public:
  explicit MinObjectivePolicy(const Bytes& initial)
      : best_(encode_scored(std::numeric_limits<double>::infinity(), initial)) {}
  void merge(WorkerId, Clock, std::span<const std::byte> update) override {
    if (!is_better(update, best_)) return;
    best_.assign(update.begin(), update.end());
    changed_ = true;
  }
  Settlement settle(const SettleContext&) override { return {.changed = std::exchange(changed_, false), .stop = {}}; }
  void write_row(Bytes& row) const override { ByteWriter(row).array(std::span<const std::byte>(best_)); }

  /// False where either is NaN, and for equals.
  static bool is_better(std::span<const std::byte> update, std::span<const std::byte> than) {
    return decode_scored(update).objective < decode_scored(than).objective;
  }

 private:
  Bytes best_;
  bool changed_ = false;
};

}  // namespace

void throw_no_row(Key key, std::size_t rows) {
  throw InputError(fmt::format("there is no row of key {}, {}", key.value,
                               rows == 0 ? "the job has none" : fmt::format("only 0 to {}", rows - 1)));
}

RowSpec add_row(const std::vector<double>& initial) {
  const std::uint64_t bytes = initial.size() * sizeof(double);
  // A sparse update may name every index once.
  return {.capacity = {.row_bytes = bytes, .update_bytes = sizeof(ValueHeader) + 2 * bytes},
          .own_updates = OwnUpdates::add,
          .make_policy = [initial] { return std::make_unique<AddPolicy>(initial); }};
}

RowSpec assign_row(const Bytes& initial, std::uint64_t capacity_bytes) {
  return {.capacity = {.row_bytes = sizeof(AssignStamp) + capacity_bytes, .update_bytes = capacity_bytes},
          .own_updates = OwnUpdates::assign,
          .make_policy = [initial] { return std::make_unique<AssignPolicy>(initial); }};
}

RowSpec min_objective_row(const Bytes& initial, std::uint64_t capacity_bytes) {
  const std::uint64_t bytes = sizeof(double) + capacity_bytes;
  return {.capacity = {.row_bytes = bytes, .update_bytes = bytes},
          .own_updates = OwnUpdates::min_objective,
          .make_policy = [initial] { return std::make_unique<MinObjectivePolicy>(initial); }};
}

Bytes encode_scored(double objective, std::span<const std::byte> bytes) {
  Bytes out;
  ByteWriter writer(out);
  writer.value(objective);
  writer.array(bytes);
  return out;
}

Scored decode_scored(std::span<const std::byte> payload) {
  ByteReader reader(payload);
  const auto objective = reader.value<double>();
  return {objective, reader.rest()};
}

void overlay(OwnUpdates kind, WorkerId self, Clock clock, std::span<const std::byte> update, Bytes& payload) {
  if (kind == OwnUpdates::add) {
    add_to({reinterpret_cast<double*>(payload.data()), payload.size() / sizeof(double)}, update);
  } else if (kind == OwnUpdates::assign) {
    const AssignStamp stamp{clock.value, self.value + std::uint64_t{1}};
    if (stamp < ByteReader(payload).value<AssignStamp>()) return;
    payload.clear();
    ByteWriter writer(payload);
    writer.value(stamp);
    writer.array(update);
  } else if (kind == OwnUpdates::min_objective) {
    if (MinObjectivePolicy::is_better(update, payload)) payload.assign(update.begin(), update.end());
  }
}

}  // namespace wolfpack::ps
