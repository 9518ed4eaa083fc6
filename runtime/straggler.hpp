// Stragglers on purpose: a worker kept slower than it could be, to see what staleness is worth.
//
//     worker=2,slowdown=10                     worker 2 takes ten times its own compute time
//     worker=random,slowdown=5,duration=12     one random worker at a time, another one every 12 s (the load of the
//     2015 talk)
//
// The delay follows the worker's own compute time and is slept, so that it tells on a machine with few cores too; it
// never touches the owner or the progress thread of the same process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/types.hpp"

namespace wolfpack::runtime {

struct StragglerSpec {
  std::optional<WorkerId> worker;  ///< none: a random one at a time
  double slowdown = 1.0;           ///< >= 1; the factor on compute time
  double duration_seconds = 0.0;   ///< of one random straggler

  /// Throws InputError with the field that is wrong and what is accepted.
  static StragglerSpec parse(const std::string& text, std::size_t workers);
};

/// Seconds that `worker` sleeps after `compute_seconds` of work that ended `now_seconds` after the start of the job;
/// below 0, which a comparison of clocks may bring about, counts as 0. A
/// random straggler is drawn from the seed and the time alone, so all processes agree without a word; it is never the
/// same twice running where there are two.
[[nodiscard]] double straggler_delay_seconds(const StragglerSpec& spec, WorkerId worker, std::size_t workers,
                                             std::uint64_t seed, double now_seconds, double compute_seconds);

}  // namespace wolfpack::runtime
