// How the owner of a row folds updates into it, and how a worker sees its own updates before they are folded.
//
// A policy is called by one thread at a time, the shard's owner's or, where cores are short, that of the worker of the
// same process while it waits (runtime/shard_owner.hpp): merge() for every update exactly once, in each writer's order
// (at staleness 0 clock by clock, in worker order), then settle() once for the whole batch, then write_row() where the
// row is published.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "ps/wire_layout.hpp"

namespace wolfpack::ps {

/// What a batch of merges came to.
struct Settlement {
  bool changed = true;             ///< whether the row differs from what was last published
  std::optional<StopReason> stop;  ///< the job is done, for this reason
};

struct SettleContext {
  Version next;                      ///< the version the row gets if it is published now
  bool publishes_unchanged = false;  ///< at staleness 0 a row is published once a clock, changed or not
};

class MergePolicy {
 public:
  virtual ~MergePolicy() = default;
  virtual void merge(WorkerId writer, Clock clock, std::span<const std::byte> update) = 0;
  virtual Settlement settle(const SettleContext&) { return {}; }
  /// Appends the row's payload to `row`, at most the declared row_bytes.
  virtual void write_row(Bytes& row) const = 0;
};

/// How a worker's own unfolded updates show in what it reads.
enum class OwnUpdates {
  add,            ///< the row plus the own updates that it does not hold yet
  assign,         ///< the own assignment where it is newer than the row's
  min_objective,  ///< the own value where it is better than the row's
  wait,         ///< a read waits for the fold of those of ended clocks; the open clock's never show: read, then update
  application,  ///< the application sees to it
};

/// Whether overlay() does anything for the kind: then a worker keeps its updates until they are folded in.
[[nodiscard]] constexpr bool is_overlaid(OwnUpdates kind) {
  return kind == OwnUpdates::add || kind == OwnUpdates::assign || kind == OwnUpdates::min_objective;
}

/// A row as a job declares it, the same in every process.
struct RowSpec {
  RowCapacity capacity;
  OwnUpdates own_updates = OwnUpdates::wait;
  /// Called in the process that hosts the row, once.
  std::function<std::unique_ptr<MergePolicy>()> make_policy;
};

/// Throws InputError.
[[noreturn]] void throw_no_row(Key key, std::size_t rows);
/// The same where the job has no row of this key.
inline void check_key(Key key, const std::vector<RowSpec>& rows) {
  if (key.value >= rows.size()) [[unlikely]]
    throw_no_row(key, rows.size());
}

/// A dense vector of float64 that updates are added to; `initial` is its first value.
[[nodiscard]] RowSpec add_row(const std::vector<double>& initial);

/// Bytes that the newest clock's update replaces; of one clock, the largest worker's. The payload begins with an
/// AssignStamp.
[[nodiscard]] RowSpec assign_row(const Bytes& initial, std::uint64_t capacity_bytes);
struct AssignStamp {
  std::uint64_t clock = 0;   ///< that the value was assigned in
  std::uint64_t writer = 0;  ///< who assigned it, plus 1; 0 for the initial value
  constexpr auto operator<=>(const AssignStamp&) const = default;
};

/// The best of all proposals: bytes with the smallest objective. Ties keep what is there, NaN never wins. An update is
/// encode_scored(); the row is read by decode_scored(), and begins as `initial` with an infinite objective, which any
/// finite one beats. `capacity_bytes` bounds the bytes beside the objective.
///
///     it.update(best, encode_scored(objective, weights));
[[nodiscard]] RowSpec min_objective_row(const Bytes& initial, std::uint64_t capacity_bytes);
struct Scored {
  double objective = std::numeric_limits<double>::infinity();
  std::span<const std::byte> bytes;  ///< of the payload that was decoded
};
[[nodiscard]] Bytes encode_scored(double objective, std::span<const std::byte> bytes);
/// Throws RuntimeFailure where the payload is too short for an objective.
[[nodiscard]] Scored decode_scored(std::span<const std::byte> payload);

/// Changes `payload`, a row that lacks the worker's update, as if that were folded in too.
void overlay(OwnUpdates kind, WorkerId self, Clock clock, std::span<const std::byte> update, Bytes& payload);

}  // namespace wolfpack::ps
