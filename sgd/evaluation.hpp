// What the training objective is while training goes on, and when to stop.
//
// Reads are stale and blocks are published one by one, so no worker ever sees "the" model of a moment, and the losses
// that workers happen to see at different moments must not be summed. So a model to be evaluated, a *candidate*, is
// copied whole into an `assign` row by one worker, its author. Every worker that sees a new candidate adds up the
// losses of its own samples at exactly these weights and sends the sum here; when all workers' sums are there, the
// objective is exact, whatever the staleness. A candidate that is replaced before the slowest worker has seen it is
// never evaluated.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/types.hpp"
#include "ps/merge_policy.hpp"

namespace wolfpack::sgd {

/// Candidates that some workers' parts are still awaited of: older ones will not be completed any more. Authors keep as
/// many of their own.
inline constexpr std::size_t kCandidatesUnderWay = 16;

/// A model that somebody proposes to evaluate: the payload of an `assign` row, so that its stamp (clock, author) names
/// it.
struct Candidate {
  ps::AssignStamp stamp;        ///< by decode_candidate() only
  std::uint64_t epoch = 0;      ///< after which it was made; 0: nobody's
  std::vector<double> weights;  ///< w and b
};
[[nodiscard]] Bytes encode_candidate(std::uint64_t epoch, std::span<const double> weights);
[[nodiscard]] Candidate decode_candidate(std::span<const std::byte> row);
/// Without the weights.
[[nodiscard]] Candidate peek_candidate(std::span<const std::byte> row);
/// A worker sees its own candidate when all others can: were it to see it earlier, workers that propose in every clock
/// would each evaluate their own, and none would ever be complete.
[[nodiscard]] ps::RowSpec candidate_row(Index parameters);
/// The best candidate by its objective: encode_candidate() in a `min_objective` row. Its epoch is 0 until there is one.
[[nodiscard]] ps::RowSpec best_row(Index parameters);
[[nodiscard]] Candidate decode_best(std::span<const std::byte> row);

/// One worker's part of a candidate's objective: an update of the evaluations' row.
struct PartialLoss {
  ps::AssignStamp candidate;
  std::uint64_t epoch = 0;
  double loss_sum = 0.0;
  double penalty = 0.0;  ///< the same from all
};

/// A candidate's objective, exact.
struct Evaluation {
  ps::AssignStamp candidate;
  std::uint64_t epoch = 0;
  double objective = 0.0;
  double log_loss = 0.0;  ///< mean, without the regulariser
  [[nodiscard]] WorkerId author() const { return {static_cast<std::uint32_t>(candidate.writer - 1)}; }
};

struct EvaluationOptions {
  std::size_t workers = 1;
  std::uint64_t samples = 1;  ///< of all workers
  /// Converged when the best objective of three epochs ago is at most this share worse than the best there is; 0:
  /// never.
  double tolerance = 0.0;
  Clock judged_from{0};  ///< candidates made before do not count as those of three epochs ago: steps were short then
  std::function<void(const Evaluation&)> on_evaluation{};  ///< from whichever thread steps the shard; may be empty
};

/// The owner's side. The row's payload are the latest evaluations, for the authors.
class EvaluationPolicy final : public ps::MergePolicy {
 public:
  explicit EvaluationPolicy(EvaluationOptions options) : options_(std::move(options)) {}

  void merge(WorkerId writer, Clock clock, std::span<const std::byte> update) override;
  /// Stops the job as converged, or as stalled where an objective is not finite.
  ps::Settlement settle(const ps::SettleContext&) override;
  void write_row(Bytes& row) const override;

  /// In the order of completion.
  [[nodiscard]] const std::vector<Evaluation>& history() const { return history_; }

 private:
  void judge(const Evaluation& evaluation);
  [[nodiscard]] bool has_converged() const;

  EvaluationOptions options_;
  std::map<ps::AssignStamp, std::vector<std::optional<PartialLoss>>> parts_;  // by worker; not complete yet
  std::vector<Evaluation> history_;
  std::map<std::uint64_t, double> recent_;  // best objective by epoch, of less than three epochs ago
  std::uint64_t newest_epoch_ = 0;
  double best_before_ = std::numeric_limits<double>::infinity();  // of three epochs ago and earlier
  double best_ = std::numeric_limits<double>::infinity();
  bool is_finite_ = true;
  bool changed_ = false;
};

[[nodiscard]] ps::RowSpec evaluation_row(const EvaluationOptions& options);
/// The latest ones, oldest first.
[[nodiscard]] std::vector<Evaluation> decode_evaluations(std::span<const std::byte> row);

}  // namespace wolfpack::sgd
