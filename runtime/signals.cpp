#include "runtime/signals.hpp"

#include <atomic>
#include <csignal>
#include <signal.h>

namespace wolfpack::runtime {
namespace {

constexpr int kCaught[] = {SIGINT, SIGTERM};
static_assert(std::atomic<int>::is_always_lock_free);  // or no signal handler may touch it
std::atomic<int> interrupts = 0;

extern "C" void on_interrupt(int number) {
  // A terminal and the launcher may both send the first one: only a third means impatience.
  if (interrupts.fetch_add(1) >= 2) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigset_t caught;
  sigemptyset(&caught);
  for (const int number : kCaught) {
    sigaction(number, &action, nullptr);
    sigaddset(&caught, number);
  }
  pthread_sigmask(SIG_UNBLOCK, &caught, nullptr);
}

bool interrupt_requested() { return interrupts != 0; }

}  // namespace wolfpack::runtime
