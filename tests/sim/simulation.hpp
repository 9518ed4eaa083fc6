// Threads in virtual time, one at a time, in an order that follows from a seed: what the real parameter server, runtime
// and solver run on in the tests of this folder.
//
//     Simulation simulation({.seed = 7});
//     simulation.run({[&] { main_of_process_0(); }, [&] { main_of_process_1(); }});
//
// Every simulated thread is a real one that waits for its turn, so sanitizers and debuggers see what they are used to.
// Whoever has the turn owns everything; it hands the turn on by a semaphore. Turns change where a thread rests, and now
// and then before it touches shared memory. Between turns, events take place: what the simulated network does. Equal
// seeds give equal runs, event for event.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <random>
#include <sched.h>
#include <string>
#include <vector>

#include "base/execution.hpp"

namespace wolfpack::sim {

using Random = std::mt19937_64;

/// Uniform in [0, 1), the same on every machine.
[[nodiscard]] inline double unit(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }
[[nodiscard]] inline bool chance(Random& random, double share) { return unit(random) < share; }
/// Uniform in [0, count).
[[nodiscard]] inline std::uint64_t below(Random& random, std::uint64_t count) { return random() % count; }

class Simulation final : public Execution {
 public:
  struct Options {
    std::uint64_t seed = 0;
    double switch_share = 0.05;  ///< of accesses to shared memory before which others may run
    double stall_share = 0.002;  ///< of rests that last up to stall_seconds longer: a preempted thread
    double stall_seconds = 0.005;
    double longest_seconds = 3600.0;       ///< virtual; a run that lasts longer hangs
    std::uint64_t most_turns = 2'000'000;  ///< likewise
  };

  explicit Simulation(const Options& options);
  ~Simulation() override;

  /// Runs the main threads of processes 0, 1, ... to their ends, and all threads that they start. Returns "" or why it
  /// had to cut them off: a hang. Exceptions must not leave the mains. Once.
  std::string run(const std::vector<std::function<void()>>& mains);

  [[nodiscard]] Random& random() { return random_; }
  /// Something happens at a time, in nobody's thread: must not rest.
  void at(double seconds, std::function<void()> event);

  /// Ends a process where it stands, as SIGKILL does: its threads never return to their work. (They are unwound, which
  /// nobody else can see.)
  void kill(std::size_t process);
  /// As SIGSTOP and, after so long, SIGCONT.
  void suspend(std::size_t process, double seconds);
  [[nodiscard]] bool is_dead(std::size_t process) const { return processes_[process].dead; }
  /// Of the thread that has its turn.
  [[nodiscard]] std::size_t process() const;
  /// A number of the thread that has its turn, for wake().
  [[nodiscard]] std::uint64_t thread() const;
  /// Ends a thread's rest.
  void wake(std::uint64_t thread);

  /// Changes of turn so far, for the curious.
  [[nodiscard]] std::uint64_t turns() const { return turns_; }

  double now_seconds() override { return now_; }
  void rest(double seconds) override;
  void before_shared_access() override;
  std::uint64_t announce_thread() override;
  void run_thread(std::uint64_t number, const std::function<void()>& main) override;
  void await_thread(std::uint64_t number) override;

 private:
  struct Thread;
  struct Event {
    double seconds;
    std::uint64_t number;  // events of one time happen in the order in which they were planned
    std::function<void()> happen;
    bool operator<(const Event& other) const {  // the latest first: std::priority_queue
      return seconds != other.seconds ? seconds > other.seconds : number > other.number;
    }
  };
  struct Killed {};
  struct Process {
    bool dead = false;
    double suspended_until = 0.0;
  };

  void rest_without_dying(double seconds);
  void take_part(Thread* self, const std::function<void()>& main);
  [[nodiscard]] Thread* next();
  void cut_off(const std::string& why);

  Options options_;
  Random random_;
  double now_ = 0.0;
  std::uint64_t turns_ = 0;
  std::uint64_t events_ = 0;
  std::priority_queue<Event> agenda_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::mutex starting_;  // a thread that starts looks itself up without having the turn
  std::vector<Process> processes_;
  std::string hang_;
  std::size_t alive_ = 0;
  std::unique_ptr<Thread> caller_;  // of run(): gets the turn when all have ended
  cpu_set_t original_cores_{};
  static thread_local Thread* self_;
};

}  // namespace wolfpack::sim
