#include "transport/held_signals.hpp"

#include "base/stop_signals.hpp"

namespace wolfpack::transport {
HeldSignals::HeldSignals() {
  sigset_t held;
  sigemptyset(&held);
  for (const int number : kStopSignals)
    if (!is_ignored(number)) sigaddset(&held, number);  // blocked, an ignored one would count as having come
  pthread_sigmask(SIG_BLOCK, &held, &before_);
}

HeldSignals::~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool ending_signal_has_come() {
  sigset_t pending;
  sigpending(&pending);
  for (const int number : kStopSignals)
    if (sigismember(&pending, number) == 1) return true;
  return false;
}

}  // namespace wolfpack::transport
