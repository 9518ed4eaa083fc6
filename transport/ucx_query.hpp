// What UCX has and would choose on this machine if nobody told it which transport to take. To be called in a process of
// its own (apart.hpp), like query_verbs(): UCX opens every device that it knows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::transport {

struct UcxFacts {
  std::vector<std::string> transports;    ///< "posix/memory", "tcp/eth0", "rc_mlx5/mlx5_0:1"
  std::vector<std::string> memory_types;  ///< that its context can send from: "host", "cuda"
  /// The lanes it chooses for one-sided operations to another process of this host, and over the network; or "none", or
  /// why they cannot be told.
  std::string lanes_on_this_host, lanes_between_hosts;
};

/// Throws RuntimeFailure with the call that failed.
[[nodiscard]] UcxFacts query_ucx();
/// "1.13.1", without starting anything.
[[nodiscard]] std::string ucx_version();

[[nodiscard]] Bytes encode(const UcxFacts& facts);
[[nodiscard]] UcxFacts decode_ucx(std::span<const std::byte> bytes);

/// The transports and devices that ucp_context_print_info() names, each once: the one place where UCX says them.
[[nodiscard]] std::vector<std::string> transports_in(const std::string& context_info);
/// Of those, the devices that lead to other hosts, as UCX_NET_DEVICES takes them.
[[nodiscard]] std::vector<std::string> network_devices_of(const std::vector<std::string>& transports);

}  // namespace wolfpack::transport
