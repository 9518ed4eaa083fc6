#include "transport/held_signals.hpp"

namespace wolfpack::transport {
namespace {

constexpr int kEnding[] = {SIGHUP, SIGINT, SIGTERM};

}  // namespace

HeldSignals::HeldSignals() {
  sigset_t held;
  sigemptyset(&held);
  for (const int number : kEnding) {
    struct sigaction action {};
    const bool is_ignored = sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
    if (!is_ignored) sigaddset(&held, number);  // blocked, an ignored one would count as having come
  }
  pthread_sigmask(SIG_BLOCK, &held, &before_);
}

HeldSignals::~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool ending_signal_has_come() {
  sigset_t pending;
  sigpending(&pending);
  for (const int number : kEnding)
    if (sigismember(&pending, number) == 1) return true;
  return false;
}

}  // namespace wolfpack::transport
