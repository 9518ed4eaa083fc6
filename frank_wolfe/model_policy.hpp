// The owner's side of stale-synchronous Frank-Wolfe, as a merge policy of the parameter server: certify, correct,
// publish.
//
//     worker i, clock c:  report (v, largest score), propose atoms        frank_wolfe/worker.hpp
//     owner, once a fold: certify the reported versions, then advance the iterate by the step rule with all proposals
//     (here)
//
// The order matters: a version is certified before it is corrected away. The run has converged when the certified gap
// of the current iterate is at most tolerance * f(0), and has stalled when every worker's report is of the newest
// version and no proposal moved the iterate.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "frank_wolfe/certificate.hpp"
#include "frank_wolfe/messages.hpp"
#include "frank_wolfe/step_rule.hpp"
#include "ps/merge_policy.hpp"

namespace wolfpack::frank_wolfe {

/// How far a run is.
struct Progress {
  double objective = 0.0;
  double gap = std::numeric_limits<double>::infinity();  ///< certified
  std::size_t nonzeros = 0;
  Clock slowest, fastest;
  double wait_share = 0.0;  ///< of all workers' time
};

using ProgressCallback = std::function<void(const Progress&)>;

class ModelPolicy final : public ps::MergePolicy {
 public:
  /// `null_objective` is f(0); `tolerance` is on the gap divided by it; `on_progress`, where not empty, is called after
  /// every fold.
  ModelPolicy(std::unique_ptr<StepRule> rule, std::unique_ptr<FeasibleSet> set, std::size_t workers, double tolerance,
              double null_objective, ProgressCallback on_progress = {});

  void merge(WorkerId writer, Clock clock, std::span<const std::byte> update) override;
  [[nodiscard]] ps::Settlement settle(const ps::SettleContext& context) override;
  void write_row(Bytes& row) const override;

  [[nodiscard]] const Iterate& iterate() const { return rule_->iterate(); }
  /// Of the current iterate.
  [[nodiscard]] double certified_gap() const { return certificate_.gap(iterate().objective); }

 private:
  struct WorkerState {
    Clock clock;
    Version evaluated;
    double wait_seconds = 0.0;
    double elapsed_seconds = 0.0;
  };

  [[nodiscard]] bool has_converged() const { return certified_gap() <= tolerance_ * null_objective_; }
  [[nodiscard]] bool everybody_evaluated(Version version) const;
  void tell_progress() const;

  std::unique_ptr<StepRule> rule_;
  std::unique_ptr<FeasibleSet> set_;
  Certificate certificate_;  // after set_, which it refers to
  double tolerance_;
  double null_objective_;
  Version version_{1};
  std::vector<Proposal> proposals_;  // merged since the last settle()
  std::vector<WorkerState> workers_;
  ProgressCallback on_progress_;
};

}  // namespace wolfpack::frank_wolfe
