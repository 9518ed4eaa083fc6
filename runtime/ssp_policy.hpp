// When a worker may start, must wait, or is done: the rules of stale-synchronous parallel iterations, without I/O.
//
// Two rules bound staleness, and both are needed. The lead rule bounds how far a fast worker may run ahead: iteration c
// starts only while c <= (slowest clock) + s. The read rule bounds what a read returns: at clock c it holds every
// update of every iteration <= c - s - 1. The runtime drives it, and anything that simulates it can. (Ho et al., "More
// effective distributed ML via a stale synchronous parallel parameter server", NIPS 2013; Tran, Peel, Skhiri, IEEE Big
// Data 2015.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/types.hpp"

namespace wolfpack::runtime {

class SspPolicy {
 public:
  enum class Decision {
    start,   ///< begin iteration `own`
    wait,    ///< somebody is too far behind
    finish,  ///< all iterations are done
  };

  /// `iterations` a worker; none: until the job is stopped.
  explicit SspPolicy(Staleness staleness, std::optional<std::uint64_t> iterations = std::nullopt)
      : staleness_(staleness), iterations_(iterations) {}

  /// For a worker that has finished `own` iterations where the slowest has finished `slowest`.
  [[nodiscard]] Decision next(Clock own, Clock slowest) const {
    if (iterations_ && own.value >= *iterations_) return Decision::finish;
    return own.value - std::min(own.value, slowest.value) <= staleness_.value ? Decision::start : Decision::wait;
  }

  /// The read rule at clock `own`: a read must hold every worker's updates of the clocks before this one.
  [[nodiscard]] Clock required_by_reads(Clock own) const { return {own.value - std::min(own.value, staleness_.value)}; }

  /// True for a worker with nothing new to read that may be what the fastest waits for, by the lead rule or because the
  /// fastest is done: it should finish an empty iteration rather than hold the others back, or wait for news that
  /// nobody is left to make. Never under BSP, where every clock brings something new to everybody.
  [[nodiscard]] bool should_give_way(Clock own, Clock fastest) const {
    if (staleness_.is_bulk_synchronous() || fastest <= own) return false;
    return fastest.value - own.value > staleness_.value || (iterations_ && fastest.value >= *iterations_);
  }

 private:
  Staleness staleness_;
  std::optional<std::uint64_t> iterations_;
};

/// By how many clocks a read at clock `own` lagged that returned a row holding everything before `floor`.
[[nodiscard]] constexpr std::uint64_t observed_staleness(Clock own, Clock floor) {
  return own.value - std::min(own.value, floor.value);
}

}  // namespace wolfpack::runtime
