// One-sided communication over UCX: between processes, and later hosts.
//
// A process has one UCX context; one UCX worker that peers connect to, progressed by serve(); and one UCX worker a
// channel. Memory is always allocated by UCX, because only then do others reach it over shared memory while its owner
// does not progress.
//
//     auto transport = make_ucx_transport("shm");
//
//   shm   POSIX shared memory: operations are plain loads and stores, nobody serves anybody.
//
//   tcp   sockets, where UCX emulates one-sided operations: a peer's progress thread must serve them. Where the peer is
//         gone they fail. UCX_TCP_TX_SEG_SIZE and UCX_TCP_RX_SEG_SIZE are set, as below, whatever they were.
//
//   rdma  an RDMA device, by UCX's reliable connections: the target's adapter carries operations out. Where the peer is
//         gone they fail, after some seconds of retries. The first such transport of a process sets environment
//         variables of UCX's (relaxed PCIe ordering, lengths of queues): make it before there are threads that look at
//         theirs.
#pragma once

#include <memory>
#include <string>

#include "transport/transport.hpp"

namespace wolfpack::transport {

/// Which machines the job spans: on one machine tcp keeps to its loopback device.
enum class Span { one_machine, several_machines };

/// The transports that a job may ask for by name.
[[nodiscard]] bool is_ucx_transport(const std::string& name);

/// Peers whose transports were made with the same `neighbourhood`, where it is not empty, are reached as over shm, and
/// only the others over what `name` says. Throws InputError where there is no such transport or, for rdma, what
/// check_set_up() says (set_up.hpp); RuntimeFailure where UCX cannot provide it.
[[nodiscard]] std::unique_ptr<Transport> make_ucx_transport(const std::string& name, Span span = Span::one_machine,
                                                            const std::string& neighbourhood = {});

}  // namespace wolfpack::transport
