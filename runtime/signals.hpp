// SIGINT, SIGTERM and SIGHUP as a flag that the shards' owners look at: the job then stops like on any other reason,
// and results are written.
#pragma once

#include <cstdint>

namespace wolfpack::runtime {

/// Signals that come within so long of the first are the same request: a terminal, timeout and the launcher may each
/// send it, and to whole process groups.
inline constexpr double kSameRequestSeconds = 1.0;

/// Which of base/stop_signals.hpp a job listens to: SIGHUP where it is not ignored, and the others even then, since a
/// shell without job control starts what is in the background with SIGINT ignored.
[[nodiscard]] bool is_request_to_stop(int number);

enum class AskedAgain {
  end_process,  ///< by that signal
  leave_it,     ///< to our launcher, which ends all
};

/// Installs the handlers for this process and unblocks the signals.
void catch_interrupts(AskedAgain again);
[[nodiscard]] bool interrupt_requested();

}  // namespace wolfpack::runtime
