// One iteration of one worker, as the body of Job::iterate() sees it.
//
//     job.iterate({.iterations = 100, .staleness = {3}}, [&](Iteration& it) {
//       const auto model = ps::as_doubles(it.get(key).payload);
//       const Bytes change = it.compute([&] { return gradient_step(model); });
//       it.update(key, change);
//     });
//
// When the job stops, get(), update() and compute() leave the body by an exception of the runtime's own: let it pass.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "base/time.hpp"
#include "ps/client.hpp"
#include "runtime/recording.hpp"
#include "runtime/ssp_policy.hpp"
#include "runtime/straggler.hpp"
#include "runtime/trace.hpp"

namespace wolfpack::runtime {

/// Thrown through a body when the job has stopped; caught by Job::iterate().
struct JobStopped {};

class Iteration {
 public:
  struct Straggling {
    std::optional<StragglerSpec> spec;
    std::uint64_t seed = 0;
    std::size_t workers = 1;
    double job_start_seconds = 0.0;
  };

  /// Where reads are recorded to, and what they repeat; null: not.
  struct Tape {
    std::vector<ReadRecord>* record = nullptr;
    ReadReplay* replay = nullptr;
  };

  /// `timed`: whether the trace gets the iteration's times.
  Iteration(ps::Client& client, const SspPolicy& policy, const Straggling& straggling, const Tape& tape, bool timed,
            TraceRow& trace)
      : client_(client), policy_(policy), straggling_(straggling), tape_(tape), timed_(timed), trace_(trace) {}

  [[nodiscard]] WorkerId worker() const { return trace_.worker; }
  [[nodiscard]] Clock clock() const { return trace_.clock; }

  /// The newest published version of a row, with the own updates, though without this iteration's where the row's are
  /// OwnUpdates::wait; waits only where the read rule demands it. The payload is valid until the next get of the same
  /// key. A key without a row throws InputError, as in the other calls.
  ps::Row get(ps::Key key);

  /// The same, but waits for a version newer than `than`. Empty where none may come because this worker itself holds
  /// another one back by the lead rule: the body should then return, so that the clock goes on.
  std::optional<ps::Row> get_newer(ps::Key key, Version than);

  /// Adds to a row, by its merge policy. The record carries this iteration's clock.
  void update(ps::Key key, std::span<const std::byte> value);

  /// Runs the iteration's computation, timed, and delayed afterwards where this worker is a straggler.
  template <class Work>
  auto compute(Work work) {
    const double start = monotonic_seconds();
    if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
      work();
      end_of_compute(start);
    } else {
      auto result = work();
      end_of_compute(start);
      return result;
    }
  }

  /// The iteration's times so far, on the job's time base; where the job keeps no trace, that of compute() alone.
  [[nodiscard]] const TraceRow& trace() const { return trace_; }

  /// What the trace says of this iteration beside its times.
  void note(const Note& note) { trace_.note = note; }

  /// Ends the iteration: called by the runtime.
  void tick();

 private:
  [[nodiscard]] double now() const { return timed_ ? monotonic_seconds() : 0.0; }
  void end_of_compute(double start_seconds);
  void noticed(ps::Key key, const ps::Row& row);
  std::optional<ps::Row> read_again(ps::Key key);
  static void leave_if_stopped(const Status& status);

  ps::Client& client_;
  const SspPolicy& policy_;
  const Straggling& straggling_;
  Tape tape_;
  bool timed_;
  TraceRow& trace_;
};

}  // namespace wolfpack::runtime
