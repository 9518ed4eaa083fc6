// Bootstrap of processes that were started one by one, on one machine or several, each with its place in the
// environment: RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, in the habit of PyTorch. So ssh will do, or Kubernetes,
// or an srun without PMIx.
//
//     if (const auto member = TcpMembership::from_environment()) work(*make_tcp_bootstrap(*member, end_this_process));
//
// Rank 0 listens on MASTER_PORT and the others connect to it; what they gather goes through a thread of its process.
// Who reaches that port first is believed: use it where the network between the machines is one's own.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "transport/bootstrap.hpp"

namespace wolfpack::transport {

struct TcpMembership {
  WorkerId rank;
  std::size_t size = 1;
  std::string address;  ///< of rank 0's machine: a name, or an IPv4 or IPv6 address
  std::string port;

  /// None where RANK or WORLD_SIZE is not set, or where there is but one rank. Throws CannotJoin where what is set
  /// makes no sense or is not all.
  [[nodiscard]] static std::optional<TcpMembership> from_environment();
};

/// The rank alone, where from_environment() has one or would throw for another reason.
[[nodiscard]] std::optional<WorkerId> tcp_rank();

/// How long ranks that have come wait for those that have not.
struct TcpPatience {
  double seconds = 120.0;
  /// Called once, after some seconds, with what is waited for.
  std::function<void(const std::string&)> tell = nullptr;
};

/// Blocks until rank 0 knows all ranks. `on_rank_0_lost` is called once with this process's rank, from a thread of its
/// own, when rank 0 has died; it should not return. Throws CannotJoin where the port cannot be listened on, or where
/// another process is that rank already or another number of ranks is expected; RuntimeFailure where rank 0 cannot be
/// reached, or, in rank 0, others do not come within the patience.
[[nodiscard]] std::unique_ptr<Bootstrap> make_tcp_bootstrap(const TcpMembership& member,
                                                            std::function<void(WorkerId)> on_rank_0_lost,
                                                            const TcpPatience& patience = {});

/// For a process that has failed, once it has said so and exits: it waits for nobody. Takes the bootstrap that
/// make_tcp_bootstrap() has made.
void leave_at_exit(std::unique_ptr<Bootstrap> bootstrap);

}  // namespace wolfpack::transport
