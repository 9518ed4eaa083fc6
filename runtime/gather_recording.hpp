// Brings the parts of a run's recording together.
#pragma once

#include <cstdint>
#include <vector>

#include "ps/shard.hpp"
#include "runtime/recording.hpp"
#include "transport/bootstrap.hpp"

namespace wolfpack::runtime {

/// Collective. `clock`: the iterations that this worker finished; `reads`: all that it made; `shard`: the one of this
/// process, or null. Workers 0 .. shards - 1 have one each. Returns the recording in worker 0, nothing elsewhere.
[[nodiscard]] Recording gather_recording(transport::Bootstrap& bootstrap, std::uint64_t shards, ps::StopReason stop,
                                         Clock clock, std::vector<ReadRecord> reads, const ps::Shard* shard);

}  // namespace wolfpack::runtime
