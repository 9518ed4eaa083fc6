// The owner's side of stale-synchronous Frank-Wolfe, as a merge policy of the parameter server: certify, correct,
// publish.
//
//     worker i, clock c:  report (v, largest score), propose atoms        frank_wolfe/worker.hpp
//     owner, once a fold: certify the reported versions, then advance the iterate by the step rule with all proposals
//     (here)
//
// The order matters: a version is certified before it is corrected away. A problem is solved when the certified gap of
// the current iterate is at most tolerance * f(0), and has stalled when every worker's report is of the newest version
// and no proposal moved the iterate. Then comes the next problem of the path, from the same iterate and under the same
// reports, or the run's end.
//
// Most rounds are quick: workers look only at columns that scored high in their last thorough pass (partial pricing).
// When those have nothing left to propose, the owner asks for a thorough pass, without which nothing is certified.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "frank_wolfe/certificate.hpp"
#include "frank_wolfe/messages.hpp"
#include "frank_wolfe/problem.hpp"
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
  std::size_t problem = 0;  ///< of the path, from 0
  std::size_t problems = 1;
};

using ProgressCallback = std::function<void(const Progress&)>;

/// How one problem of the path ended.
struct PathPoint {
  L1Term term;
  std::vector<Index> columns;  ///< where alpha is not zero, increasing
  std::vector<double> weights;
  double objective = 0.0;
  double loss = 0.0;    ///< f(A alpha)
  double lambda = 0.0;  ///< the penalty; of a bound, its multiplier: the penalty with the same solution, as far as the
                        ///< gap tells; 0 where the bound is idle
  double gap = std::numeric_limits<double>::infinity();
  bool converged = false;    ///< else no proposal lowered the objective any more, or the run ended
  double seconds = 0.0;      ///< since the last problem ended, or the policy was made
  std::uint64_t clocks = 0;  ///< since then, of all workers together, as far as they are folded in
  std::uint64_t columns_evaluated = 0;
};

struct ModelOptions {
  Path path;
  std::size_t workers = 1;
  double tolerance = 0.0;          ///< on the gap divided by f(0)
  double null_objective = 0.0;     ///< f(0)
  std::size_t top_k = 0;           ///< as in SolveOptions
  bool quick_rounds = false;       ///< whether the step rule can do with atoms that are not the best ones
  bool warm_start = false;         ///< workers begin with atoms to start from, evaluated by nobody
  ProgressCallback on_progress{};  ///< called after every fold; may be empty
};

class ModelPolicy final : public ps::MergePolicy {
 public:
  ModelPolicy(std::unique_ptr<StepRule> rule, const ModelOptions& options);

  void merge(WorkerId writer, Clock clock, std::span<const std::byte> update) override;
  [[nodiscard]] ps::Settlement settle(const ps::SettleContext& context) override;
  void write_row(Bytes& row) const override;

  [[nodiscard]] const Iterate& iterate() const { return rule_->iterate(); }
  /// Of the current iterate.
  [[nodiscard]] double certified_gap() const { return certificate_.gap(iterate().objective); }
  /// The problems that have ended, in order.
  [[nodiscard]] const std::vector<PathPoint>& points() const { return points_; }
  /// The problem under way as it stands; the last one again where all have ended.
  [[nodiscard]] PathPoint current_point() const;

 private:
  struct WorkerState {
    Clock clock;
    Version evaluated;  // thoroughly
    Totals totals;
  };

  [[nodiscard]] bool has_converged() const;
  [[nodiscard]] double multiplier() const;
  [[nodiscard]] double rounding(double norm) const;
  [[nodiscard]] bool all_have_ended() const { return points_.size() == options_.path.size(); }
  [[nodiscard]] bool everybody_evaluated(Version version) const;
  [[nodiscard]] std::size_t atoms_per_worker() const;
  [[nodiscard]] std::size_t active_among(const std::vector<Proposal>& proposals) const;
  void learn_from(std::size_t proposed, std::size_t kept);
  [[nodiscard]] bool is_poor_round(std::size_t proposals, std::size_t reporters) const;
  [[nodiscard]] std::optional<Screening> screening() const;  // none before the path's last problem
  void begin_automatic_path();
  bool end_certified_problems();
  void end_problem(bool converged);
  void restate();
  void publish(Version version);
  void tell_progress() const;

  std::unique_ptr<StepRule> rule_;
  ModelOptions options_;
  std::unique_ptr<Regularizer> regularizer_;
  Certificate certificate_;  // after regularizer_, which it refers to
  Version version_{1};
  bool is_published_ = false;        // the iterate is that of version_
  bool is_refused_ = false;          // a worker cannot work with its columns
  bool thorough_ = true;             // what is asked of those who read version_
  std::vector<Proposal> proposals_;  // merged since the last settle()
  std::size_t reporters_ = 0;        // workers' reports merged since then
  std::vector<WorkerState> workers_;
  double useful_atoms_ = 0.0;  // of the last step, as learn_from() counts them; while nearly all stay, the most so far
  double largest_norm_ = 0.0;  // of the columns, as far as it is reported
  std::vector<PathPoint> points_;
  double began_seconds_;  // when the problem under way began, and what had been done by then
  std::uint64_t began_clocks_ = 0;
  std::uint64_t began_columns_evaluated_ = 0;
};

}  // namespace wolfpack::frank_wolfe
