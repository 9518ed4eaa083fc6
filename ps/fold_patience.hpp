// How long the owner waits for more before it folds what has come, where it need not wait at all (staleness > 0).
//
// Folding at once is right when one worker is far behind, and wasteful when all keep pace: then the clocks of the
// others arrive a moment later, and the version published in between makes every worker work on half the news. So the
// owner waits for the workers that have kept pace, but for a share at most of the time of a round, from fold to fold;
// who missed that is not waited for until a clock of it has been folded. Pure logic: the caller brings the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::ps {

class FoldPatience {
 public:
  /// `share` of a round's time; 0: never wait.
  FoldPatience(double share, std::size_t workers) : share_(share), workers_(workers) {}

  /// The owner runs: the first call begins the first round, later ones do nothing.
  void began(double now) {
    if (round_began_at_ < 0) round_began_at_ = now;
  }

  /// Worker's end of clock has come.
  void arrived(WorkerId worker, double now) {
    Worker& writer = workers_[worker.value];
    writer.waits = true;
    if (first_arrival_ >= 0) return;
    first_arrival_ = now;
    if (round_began_at_ >= 0 && writer.keeps_pace)
      round_seconds_ = now - round_began_at_;  // else it is no round's time
  }

  /// Whether what has arrived should be folded now. `needs_it`, of a worker: whether it can do nothing before that.
  template <class Predicate>
  [[nodiscard]] bool is_over(double now, Predicate needs_it) const {
    if (first_arrival_ < 0) return false;
    if (share_ <= 0 || now - first_arrival_ >= share_ * round_seconds_) return true;
    for (std::uint32_t i = 0; i < workers_.size(); ++i)
      if (!workers_[i].waits && workers_[i].keeps_pace && !needs_it(WorkerId{i})) return false;
    return true;
  }

  /// All that had arrived is folded, by a fold that began at `now`.
  void folded(double now) {
    for (Worker& worker : workers_) worker = {.waits = false, .keeps_pace = worker.waits};
    first_arrival_ = -1.0;
    round_began_at_ = now;
  }

 private:
  struct Worker {
    bool waits = false;      // its clock is complete and not folded
    bool keeps_pace = true;  // it came in time for the last fold
  };
  double share_;
  double round_seconds_ = 0.0;    // the last fold's and the quickest worker's iteration after it
  double first_arrival_ = -1.0;   // none
  double round_began_at_ = -1.0;  // not yet
  std::vector<Worker> workers_;
};

}  // namespace wolfpack::ps
