// What UCX says when it gives up: one line, and not before whoever names the true cause has had the time.
//
// UCX ends a process over an assertion of its own, and prints that with a backtrace straight to standard error. Its
// usual reason is that a peer has just died: UCX 1.13 holds it impossible that the answer to a peer that connects still
// waits when that peer is lost (ucp_request_send_state_ff; 1.14 dropped the assertion). Then the launcher, ours or
// another, names the peer and ends this process. Used inside transport/ only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/types.hpp"

namespace wolfpack::transport::ucx {

/// How long UCX's fatal error waits for somebody to end this process before it is told and the process aborts.
inline constexpr double kFatalErrorWaitsSeconds = 0.5;

/// Before UCX is used: its fatal errors in this process are told by us, in the name of the worker that the environment
/// names. (Only in a program that has this library in itself: a program's functions go before those of a library, and
/// a library's do not.) From any thread. Throws RuntimeFailure where the environment is garbled.
void tell_fatal_errors();

/// "wolfpack: worker 2: UCX failed: MESSAGE (FILE:LINE)" and a line break at its end alone; FILE without its folders.
[[nodiscard]] std::string fatal_error_line(std::optional<WorkerId> worker, std::string_view file, unsigned line,
                                           std::string_view message);

}  // namespace wolfpack::transport::ucx
