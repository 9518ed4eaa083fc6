// Whether each of the transports that a job may ask for can be used on this machine, and what it is there: tried, in a
// process of its own (apart.hpp), with two transports, one of which does nothing while the other gets from its memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "transport/set_up.hpp"
#include "transport/transport.hpp"

namespace wolfpack::transport {

struct TransportReport {
  std::string name;                   ///< "shm", "tcp", "rdma"
  std::string why_not;                ///< it cannot be used; empty: it can
  std::string lanes;                  ///< what UCX chose: "posix/memory by loads and stores"
  std::optional<OneSided> one_sided;  ///< a get, from a target that makes no call; none: not tried
  std::optional<OneSided> atomics;    ///< a fetch_add, likewise
  std::string advice;
};

/// shm, tcp and rdma, all at once, for at most `patience_seconds`.
[[nodiscard]] std::vector<TransportReport> probe_transports(const Machine& machine, double patience_seconds);

/// What to do about what the probe has found; empty where all is well.
[[nodiscard]] std::string advice_on(const TransportReport& report);

}  // namespace wolfpack::transport
