// What a transport needs of the machine, looked at before a run: too little /dev/shm, a loopback device that is down,
// no RDMA device or no active port, too little locked memory, no right to use what is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "transport/rdma_ports.hpp"

namespace wolfpack::transport {

/// Throws InputError, one line that says what is missing and what to do, where `workers` processes of this machine
/// cannot talk over `transport`. To be called once a machine, before they start.
void check_set_up(const std::string& transport, std::size_t workers);

/// What check_set_up() looks at, apart from the machine for tests.
struct Machine {
  std::string shared_memory_folder;       ///< where UCX keeps it
  std::string shared_memory_problem;      ///< why it cannot be written; empty: it can
  std::uint64_t shared_memory_bytes = 0;  ///< free in it
  bool has_proc = true;                   ///< of this PID namespace: by it UCX opens a peer's memory
  bool loopback_is_up = true;
  std::optional<std::uint64_t> locked_memory_bytes;  ///< that this process may lock; none: any amount
  std::vector<RdmaPort> ports;
  std::string wanted_port;       ///< UCX_NET_DEVICES
  std::string relaxed_ordering;  ///< UCX_IB_PCI_RELAXED_ORDERING
  int numa_node = -1;            ///< of this process
};
[[nodiscard]] Machine look_at_machine();
void check_set_up(const Machine& machine, const std::string& transport, std::size_t workers);

/// The port of this process. Throws what check_set_up() for rdma throws.
[[nodiscard]] RdmaPort checked_rdma_port();

/// Throws RuntimeFailure with what to do where this process cannot have so many bytes more of the transport's memory.
/// UCX itself might try for ever, or end in a bus error.
void require_room(const std::string& transport, std::uint64_t bytes);
/// Of that memory, what UCX takes for a channel.
[[nodiscard]] std::uint64_t own_bytes_of_a_channel(const std::string& transport);

/// As far as this process may, so that UCX can register memory.
void raise_locked_memory_limit();

}  // namespace wolfpack::transport
