// The transport over UCX: between processes, and later hosts.
//
// A process has one UCX context; one UCX worker that peers connect to, progressed by serve(); and one UCX worker a
// channel. Memory is always allocated by UCX, because only then do others reach it over shared memory while its owner
// does not progress.
#pragma once

#include <memory>
#include <string>

#include "transport/transport.hpp"

namespace wolfpack::transport {

/// `name` is "shm"; throws InputError for a transport that does not exist (yet), RuntimeFailure where UCX cannot start.
[[nodiscard]] std::unique_ptr<Transport> make_ucx_transport(const std::string& name);

}  // namespace wolfpack::transport
