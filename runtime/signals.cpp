#include "runtime/signals.hpp"

#include <csignal>

namespace wolfpack::runtime {
namespace {

volatile std::sig_atomic_t interrupted = 0;

extern "C" void on_interrupt(int number) {
  // A terminal and the launcher may both send the first one: only a third means impatience.
  if (interrupted >= 2) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
  interrupted = interrupted + 1;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupt_requested() { return interrupted != 0; }

}  // namespace wolfpack::runtime
