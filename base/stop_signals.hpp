// The signals by which people, shells and launchers ask a process to stop.
#pragma once

#include <signal.h>

namespace wolfpack {

inline constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGHUP};

/// Whether this process ignores the signal, as under nohup. UCX takes SIGHUP for itself before main() begins, ignored
/// or not: a program that cares looks before, as experiments/main.cpp does.
[[nodiscard]] inline bool is_ignored(int number) {
  struct sigaction present {};
  return sigaction(number, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

}  // namespace wolfpack
