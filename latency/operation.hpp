// An operation whose latency is measured, as each rank that takes part in it has it.
//
// The initiator performs; a target attends until it is told that all is over. What each operation's time means is said
// by describe(): a put's is half of a round trip of two puts, as perftest and ucx_perftest have it, the others' are
// whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "latency/ends.hpp"
#include "transport/bootstrap.hpp"

namespace wolfpack::latency {

enum class OperationKind {
  put,
  get,
  fetch_add,
  put_then_flag,
  row_read,
  update,
  clock_broadcast,
  verbs_write,
  verbs_read,
  verbs_fetch_add,
};

struct OperationFacts {
  OperationKind kind;
  std::string_view name;         ///< "put_then_flag"
  bool is_half_round_trip;       ///< of what is timed, half is reported
  bool is_of_a_word;             ///< 8 bytes is its only size
  bool is_to_all;                ///< one initiator, all others targets
  bool is_verbs;                 ///< libibverbs alone: needs an RDMA device
  std::string_view description;  ///< what is timed, a clause
};

/// Every operation there is, in the order of reports.
[[nodiscard]] std::span<const OperationFacts> all_operations();
[[nodiscard]] const OperationFacts& describe(OperationKind kind);

class Operation {
 public:
  virtual ~Operation() = default;
  /// The initiator's part: so many, one after the other.
  virtual Status perform(std::uint64_t count) = 0;
  /// A target's part, for a moment: answers what has come and serves. Throws where what came is wrong.
  virtual void attend() = 0;
  /// What carries it between this pair.
  [[nodiscard]] virtual std::string lanes() const = 0;
};

/// Who operates on whom.
struct Roles {
  std::uint32_t initiator = 0;
  std::vector<std::uint32_t> targets;
  std::uint32_t self = 0;  ///< this rank

  [[nodiscard]] bool initiates() const { return self == initiator; }
  [[nodiscard]] bool takes_part() const;
  [[nodiscard]] std::vector<std::uint32_t> participants() const;
};

/// From here on a participant's first region is the operation's; before it is the end word.
inline constexpr std::uint64_t kOperationOffset = 128;

/// A target looks so often in one attend(), before it is asked again whether all is over.
inline constexpr int kLooks = 1000;

/// The regions that this rank, a participant, has for the operation.
[[nodiscard]] std::vector<std::uint64_t> regions_of(OperationKind kind, std::uint64_t bytes, const Roles& roles,
                                                    std::size_t ranks);

/// The part of this rank, a participant, over `ends`; not of the verbs_ kinds. `bytes` is a multiple of 8.
[[nodiscard]] std::unique_ptr<Operation> make_operation(OperationKind kind, std::uint64_t bytes, const Roles& roles,
                                                        std::size_t ranks, Ends& ends);

}  // namespace wolfpack::latency
