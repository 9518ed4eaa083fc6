// Operations of the parameter server, by its own parts: row_read, update, clock_broadcast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "latency/operation.hpp"

namespace wolfpack::latency {

[[nodiscard]] std::vector<std::uint64_t> server_regions(OperationKind kind, std::uint64_t bytes, const Roles& roles,
                                                        std::size_t ranks);
[[nodiscard]] std::unique_ptr<Operation> make_server_operation(OperationKind kind, std::uint64_t bytes,
                                                               const Roles& roles, std::size_t ranks, Ends& ends);

}  // namespace wolfpack::latency
