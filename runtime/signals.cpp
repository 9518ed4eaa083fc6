#include "runtime/signals.hpp"

#include <atomic>
#include <csignal>
#include <ctime>
#include <signal.h>

#include "base/stop_signals.hpp"

namespace wolfpack::runtime {
namespace {

static_assert(std::atomic<std::int64_t>::is_always_lock_free);  // or no signal handler may touch it
std::atomic<std::int64_t> first_request = 0;                    // nanoseconds of the monotonic clock; 0: none
std::atomic<bool> ends_when_asked_again = false;

extern "C" void on_interrupt(int number) {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  const std::int64_t now = time.tv_sec * 1'000'000'000 + time.tv_nsec;
  std::int64_t first = 0;
  if (first_request.compare_exchange_strong(first, now) || !ends_when_asked_again) return;
  if (static_cast<double>(now - first) < kSameRequestSeconds * 1e9) return;
  std::signal(number, SIG_DFL);
  std::raise(number);
}

}  // namespace

bool is_request_to_stop(int number) { return number != SIGHUP || !is_ignored(SIGHUP); }

void catch_interrupts(AskedAgain again) {
  ends_when_asked_again = again == AskedAgain::end_process;
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigset_t caught;
  sigemptyset(&caught);
  for (const int number : kStopSignals) {
    if (!is_request_to_stop(number)) continue;
    sigaction(number, &action, nullptr);
    sigaddset(&caught, number);
  }
  pthread_sigmask(SIG_UNBLOCK, &caught, nullptr);
}

bool interrupt_requested() { return first_request != 0; }

}  // namespace wolfpack::runtime
