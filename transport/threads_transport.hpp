// The transport between threads of one process: one-sided operations are plain copies, complete when they return.
//
// Every word is stored with release and loaded with acquire order, so puts to a peer are seen in the order they were
// made; like a device, it gives no promise about the inside of a longer get.
#pragma once

#include <memory>

#include "transport/transport.hpp"

namespace wolfpack::transport {

/// One for each worker thread. Descriptors mean nothing outside this process.
[[nodiscard]] std::unique_ptr<Transport> make_threads_transport();

}  // namespace wolfpack::transport
