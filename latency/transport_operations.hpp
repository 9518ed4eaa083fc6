// Operations of the transport's contract alone: put, get, fetch_add, put_then_flag.
#pragma once

#include <cstdint>
#include <memory>

#include "latency/operation.hpp"

namespace wolfpack::latency {

[[nodiscard]] std::uint64_t transport_region_bytes(std::uint64_t bytes);
[[nodiscard]] std::unique_ptr<Operation> make_transport_operation(OperationKind kind, std::uint64_t bytes,
                                                                  const Roles& roles, Ends& ends);

}  // namespace wolfpack::latency
