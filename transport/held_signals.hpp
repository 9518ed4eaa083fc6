// SIGHUP, SIGINT and SIGTERM wait until a piece of work is done that would leave something behind, and shorten it.
//
//     const HeldSignals signals;         // first: what is made after it is gone before a signal ends this process
//     ...work that looks at ending_signal_has_come() from time to time...
//
// Of the calling thread: for processes without other threads, which would take the signal. One that was ignored stays
// ignored.
#pragma once

#include <signal.h>

namespace wolfpack::transport {

class HeldSignals {
 public:
  HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  /// Whatever came meanwhile comes now.
  ~HeldSignals();

 private:
  sigset_t before_{};
};

/// Whether one of the three is held back and has come.
[[nodiscard]] bool ending_signal_has_come();

}  // namespace wolfpack::transport
