#include "sgd/worker.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/bytes.hpp"
#include "ps/value.hpp"
#include "sgd/epochs.hpp"

namespace wolfpack::sgd {
namespace {

constexpr std::uint64_t kMostUnfolded = 1;  ///< own clocks that the owner may be behind

std::vector<double> l2_shares(const FeatureSummary& all, double l2) {
  std::vector<double> shares;
  shares.reserve(all.counts.size());
  for (const double count : all.counts)
    shares.push_back(count > 0 ? l2 * static_cast<double>(all.samples) / count : 0.0);
  return shares;
}

}  // namespace

Worker::Worker(const Samples& samples, const FeatureSummary& all, const Plan& plan, WorkerId self)
    : samples_(samples),
      plan_(plan),
      self_(self),
      gradient_(plan.parameters.features, l2_shares(all, plan.l2)),
      optimizer_(plan.optimizer, all.largest),
      batches_(samples.size(), plan.steps, plan.seed, self),
      mean_(static_cast<std::size_t>(plan.parameters.count()), plan.steps),
      weights_(static_cast<std::size_t>(plan.parameters.count())),
      squares_(plan.parameters.has_squares ? weights_.size() : 0),
      objective_(std::numeric_limits<double>::quiet_NaN()) {}

void Worker::iterate(runtime::Iteration& iteration) {
  finish(iteration.clock());
  entered_ = monotonic_seconds();
  entered_on_job_ = iteration.trace().start + iteration.trace().wait;
  read(iteration);
  take_notice_of_evaluations(iteration);
  propose_candidate(iteration);
  evaluate_candidate(iteration);
  step(iteration);
}

void Worker::finish(Clock end) {
  const std::optional<Effects> effects = std::exchange(effects_, std::nullopt);
  if (!effects || effects->clock >= end) return;
  last_read_ = effects->read;
  mean_.add(weights_);
  samples_seen_ += effects->samples;
  if (effects->cuts_mean) mean_.cut();
  if (!effects->candidate) return;
  times_.push_back({effects->candidate->stamp, effects->candidate_made, 0.0});
  own_candidates_.push_back(std::move(*effects->candidate));
  if (own_candidates_.size() > kCandidatesUnderWay) own_candidates_.pop_front();
}

std::span<const double> Worker::candidate(ps::AssignStamp stamp) const {
  for (const Candidate& candidate : own_candidates_)
    if (candidate.stamp == stamp) return candidate.weights;
  return {};
}

/// Moves that the owner has not folded in are unseen by the others, who make the same ones: all of them together
/// overshoot. No rule bounds that where the owner gets no core, so a worker that is too far ahead of the owner waits
/// for it; not for other workers, whatever the staleness.
void Worker::wait_for_the_owner(runtime::Iteration& iteration) {
  const ps::Key key = plan_.parameters.weights(plan_.parameters.block_of(plan_.parameters.intercept()));
  std::optional<ps::Row> row = iteration.get(key);
  Clock folded = row->own_folded;
  // While an own update is not folded in, a newer version will come.
  while (plan_.workers > 1 && updated_until_.value > folded.value + kMostUnfolded) {
    row = iteration.get_newer(key, row->version);
    if (!row) break;  // it would hold others back: it goes on with what it has
    folded = row->own_folded;
  }
  unfolded_ = folded < updated_until_ ? updated_until_.value - folded.value : 0;
}

void Worker::read(runtime::Iteration& iteration) {
  wait_for_the_owner(iteration);
  const Parameters& layout = plan_.parameters;
  Effects effects;
  effects.clock = iteration.clock();
  slowest_ = iteration.clock();
  for (std::uint32_t b = 0; b < layout.blocks; ++b) {
    const ps::Row row = iteration.get(layout.weights(b));
    if (b == 0) effects.read = row.version;
    slowest_ = std::min(slowest_, row.floor);
    const auto weights = ps::as_doubles(row.payload);
    std::copy(weights.begin(), weights.end(), weights_.begin() + layout.begin(b));
    if (!layout.has_squares) continue;
    const auto squares = ps::as_doubles(iteration.get(layout.squares(b)).payload);
    std::copy(squares.begin(), squares.end(), squares_.begin() + layout.begin(b));
  }
  effects_ = std::move(effects);
}

/// The author alone has the weights at hand that an evaluation is of: it enters them for the best.
void Worker::take_notice_of_evaluations(runtime::Iteration& iteration) {
  const auto latest = decode_evaluations(iteration.get(plan_.parameters.evaluations()).payload);
  for (const Evaluation& evaluation : latest) {
    objective_ = evaluation.objective;
    if (evaluation.author() != self_) continue;
    // The candidates at hand are the last ones that there are times of.
    const auto times = std::find_if(times_.end() - static_cast<std::ptrdiff_t>(own_candidates_.size()), times_.end(),
                                    [&](const auto& t) { return t.candidate == evaluation.candidate && t.known == 0; });
    const auto weights = candidate(evaluation.candidate);
    if (times == times_.end() || weights.empty()) continue;
    times->known = now();
    iteration.update(plan_.parameters.best(),
                     ps::encode_scored(evaluation.objective, encode_candidate(evaluation.epoch, weights)));
  }
}

/// Worker i looks i clocks after the end of an epoch whether there is a candidate of it: so there is one author while
/// all keep pace, and whoever is ahead takes the place of a straggler.
void Worker::propose_candidate(runtime::Iteration& iteration) {
  if (samples_.size() == 0) return;  // far ahead of the others, who do the work: its means are of old weights
  const std::uint64_t clock = iteration.clock().value, steps = plan_.steps;
  if (clock < steps || clock % steps != self_.value % steps) return;
  effects_->cuts_mean = true;
  const std::uint64_t epoch = epochs_passed(iteration.clock(), slowest_, steps);
  if (peek_candidate(iteration.get(plan_.parameters.candidate()).payload).epoch >= epoch) return;
  RecentMean mean = mean_;
  mean.add(weights_);
  const ps::AssignStamp stamp{clock, self_.value + std::uint64_t{1}};
  effects_->candidate = Candidate{stamp, epoch, mean.since_cut()};
  effects_->candidate_made = now();
  iteration.update(plan_.parameters.candidate(), encode_candidate(epoch, mean.since_cut()));
}

void Worker::evaluate_candidate(runtime::Iteration& iteration) {
  const auto row = iteration.get(plan_.parameters.candidate()).payload;
  const ps::AssignStamp stamp = peek_candidate(row).stamp;
  if (stamp == evaluated_) return;
  evaluated_ = stamp;
  const Candidate candidate = decode_candidate(row);
  const PartialLoss part = iteration.compute([&] {
    return PartialLoss{stamp, candidate.epoch, evaluate(samples_, candidate.weights).loss_sum,
                       penalty(candidate.weights, plan_.l2)};
  });
  iteration.update(plan_.parameters.evaluations(), std::as_bytes(std::span(&part, 1)));
}

void Worker::step(runtime::Iteration& iteration) {
  const auto batch = batches_.at(iteration.clock());
  iteration.compute([&] {
    const double batch_size = static_cast<double>(plan_.samples) / static_cast<double>(plan_.steps);
    gradient_.compute(samples_, batch, weights_, batch_size);
    const double step = optimizer_.step_at(iteration.clock(), plan_.steps, unfolded_);
    changes_.clear();
    for (const Index j : gradient_.touched())
      changes_.push_back(
          optimizer_.change(j, gradient_, squares_.empty() ? 0.0 : squares_[static_cast<std::size_t>(j)], step));
  });
  effects_->samples = batch.size();
  runtime::Note note;
  note.objective = objective_;
  note.work = batch.size();
  iteration.note(note);
  if (!batch.empty()) updated_until_ = iteration.clock().next();
  send(iteration, false);
  if (plan_.parameters.has_squares) send(iteration, true);
}

void Worker::send(runtime::Iteration& iteration, bool squares) {
  const Parameters& layout = plan_.parameters;
  const auto touched = gradient_.touched();
  struct Update {
    std::vector<Index> indices;
    std::vector<double> values;
  };
  std::vector<Update> updates(layout.blocks);
  for (std::size_t k = 0; k < touched.size(); ++k) {
    const std::uint32_t b = layout.block_of(touched[k]);
    updates[b].indices.push_back(touched[k] - layout.begin(b));
    const double scaled = optimizer_.scaled(touched[k], gradient_);
    updates[b].values.push_back(squares ? scaled * scaled : changes_[k]);
  }
  for (std::uint32_t b = 0; b < layout.blocks; ++b) {
    const auto& [indices, values] = updates[b];
    if (indices.empty()) continue;
    iteration.update(squares ? layout.squares(b) : layout.weights(b),
                     ps::encode_add(static_cast<std::size_t>(layout.begin(b + 1) - layout.begin(b)), indices, values));
  }
}

}  // namespace wolfpack::sgd
