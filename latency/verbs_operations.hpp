// Operations over libibverbs alone: verbs_write, verbs_read, verbs_fetch_add. What the hardware itself costs.
#pragma once

#include <cstdint>
#include <memory>

#include "latency/operation.hpp"
#include "transport/bootstrap.hpp"

namespace wolfpack::latency {

/// Collective; null in ranks that take no part. The rank's port is the one that the transport rdma takes. Throws what
/// transport/verbs_endpoint.hpp throws. `ends` outlives it.
[[nodiscard]] std::unique_ptr<Operation> make_verbs_operation(OperationKind kind, std::uint64_t bytes,
                                                              const Roles& roles, transport::Bootstrap& bootstrap,
                                                              const std::vector<std::string>& names, Ends& ends);

}  // namespace wolfpack::latency
