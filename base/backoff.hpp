// Waiting on memory that somebody else writes: look at once, spin, then yield, then sleep.
//
// Spinning answers in nanoseconds but starves whoever is waited for where threads outnumber cores, so the spin is short
// and skipped altogether on one core; a long wait ends in naps that cost next to nothing. Not shared between threads.
//
//     for (Backoff backoff; !ready(); backoff.pause()) {}
#pragma once

#include <algorithm>
#include <cstdint>
#include <thread>
#include <time.h>
#include <unistd.h>

#include "base/execution.hpp"

namespace wolfpack {

class Backoff {
 public:
  /// `longest_nap_ns` bounds how late the end of a long wait is noticed.
  explicit Backoff(std::uint64_t longest_nap_ns = 2'000'000) : longest_nap_ns_(longest_nap_ns) {}

  /// Waits a little, longer each time.
  void pause() {
    Execution* simulator = Execution::simulated();
    if (simulator != nullptr) pauses_ = looks() + spins() + kYields;
    ++pauses_;
    if (pauses_ <= looks()) return;
    if (pauses_ <= looks() + spins()) return relax();
    if (pauses_ <= looks() + spins() + kYields) return std::this_thread::yield();
    if (simulator != nullptr)
      simulator->rest(1e-9 * static_cast<double>(nap_ns_));
    else
      nap();
    nap_ns_ = std::min(nap_ns_ + nap_ns_ / kGrowth, longest_nap_ns_);
  }

  /// True while pauses take no time: what is waited for may be a cache line's way off, and all else can wait.
  [[nodiscard]] bool is_looking() const { return pauses_ < looks(); }
  /// True once a pause has been a sleep: the wait is long enough for checks that cost more than a load.
  [[nodiscard]] bool is_sleeping() const { return pauses_ > looks() + spins() + kYields; }

 private:
  static constexpr std::uint64_t kYields = 64;
  static constexpr std::uint64_t kFirstNapNs = 2'000;
  // A nap is about a sixteenth of the wait so far: so late is its end noticed.
  static constexpr std::uint64_t kGrowth = 16;

  static std::uint64_t spins() {
    static const std::uint64_t count = std::thread::hardware_concurrency() > 1 ? 200 : 0;
    return count;
  }
  // Where the process is bound to one core, whoever is waited for may still run on another.
  static std::uint64_t looks() {
    static const std::uint64_t count = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 50 : 0;
    return count;
  }
  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  void nap() const {
    const timespec time{0, static_cast<long>(nap_ns_)};
    nanosleep(&time, nullptr);
  }

  std::uint64_t longest_nap_ns_;
  std::uint64_t nap_ns_ = kFirstNapNs;
  std::uint64_t pauses_ = 0;
};

}  // namespace wolfpack
