// What time, rest and threads are to this project's code: the machine's, or a simulator's.
//
// monotonic_seconds(), sleep_seconds(), Backoff and Thread ask here. A simulator installs itself on the threads that it
// runs; the same parameter server, runtime and solver then run in virtual time, one thread at a time, in an order that
// follows from a seed (tests/sim). Nothing else may look at a clock, sleep or start a thread where a simulator should
// see it.
#pragma once

#include <cstdint>
#include <functional>

namespace wolfpack {

class Execution {
 public:
  virtual ~Execution() = default;

  /// Seconds since some fixed moment. Never falls.
  virtual double now_seconds() = 0;
  /// Lets others run and returns after about so long.
  virtual void rest(double seconds) = 0;

  /// The thread is about to look at, or to change, memory that others change or look at.
  virtual void before_shared_access() = 0;

  /// A thread is about to be started: its number.
  virtual std::uint64_t announce_thread() = 0;
  /// Runs `main` as that thread, on the thread that calls.
  virtual void run_thread(std::uint64_t number, const std::function<void()>& main) = 0;
  /// Rests until that thread has ended.
  virtual void await_thread(std::uint64_t number) = 0;

  /// The calling thread's simulator; null where it runs on the machine itself.
  [[nodiscard]] static Execution* simulated() { return simulated_; }
  static void install(Execution* simulator) { simulated_ = simulator; }

 private:
  static inline constinit thread_local Execution* simulated_ = nullptr;
};

}  // namespace wolfpack
