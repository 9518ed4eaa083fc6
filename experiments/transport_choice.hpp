// The transport that a job's processes talk over: asked for by --transport, or chosen by where they are.
#pragma once

#include <memory>
#include <string>

#include "transport/bootstrap.hpp"
#include "transport/transport.hpp"
#include "transport/ucx_transport.hpp"

namespace wolfpack::experiments {

struct TransportChoice {
  std::string requested = "auto";  ///< as typed
  std::string name;                ///< "shm", "tcp", "rdma"
  std::string reason;              ///< one sentence
  transport::Span span = transport::Span::one_machine;
  std::string neighbourhood;  ///< not empty: ranks with the same one share memory; it alone differs between ranks
};

/// What ranks of one host talk over where the job spans several, if --transport leaves it open.
enum class WithinHosts { shared_memory, as_between };

/// What --transport may say. Throws InputError.
void check_transport_name(const std::string& requested);

/// What processes on this machine alone would talk over. `requested` has been checked.
[[nodiscard]] std::string local_transport(const std::string& requested);

/// Collective. Throws InputError where the ranks cannot talk over what was requested, or
/// where a machine of theirs is not set up for it (transport/set_up.hpp).
[[nodiscard]] TransportChoice choose_transport(const std::string& requested, transport::Bootstrap& bootstrap,
                                               WithinHosts within = WithinHosts::shared_memory);

/// Throws as transport::make_ucx_transport().
[[nodiscard]] std::unique_ptr<transport::Transport> make_transport(const TransportChoice& choice);

}  // namespace wolfpack::experiments
