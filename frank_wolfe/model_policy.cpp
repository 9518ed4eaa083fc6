#include "frank_wolfe/model_policy.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/time.hpp"
#include "frank_wolfe/make_regularizer.hpp"
#include "frank_wolfe/method.hpp"

namespace wolfpack::frank_wolfe {

namespace {

// Until the first reports say where an automatic path begins, nothing is penalised: every score is asked for.
L1Term first_term(const Path& path) { return path.is_automatic() ? l1_penalty(0.0) : path.terms.front(); }

// A round that brings less than this share of the atoms it might have is a poor one.
constexpr double kPoorRound = 0.25;
// K, the atoms proposed in a round by all workers together, is at least so many ...
constexpr std::size_t kFewestAtoms = 10;
// ... and at most so many times the useful ones: those that stayed in the last step, times the fourth power of their
// share. Where few of many stay they push each other out, which costs more than a round with fewer of them: with powers
// 0, 1, 2, 3, 4 and 6 one worker took 80, 75, 69, 63, 60 and 60 ms for the Gaussian instance at lambda / lambda_max
// 0.01, and 153, 165, 155, 148, 145 and 149 for 20 newsgroups there, where most stay.
constexpr double kMore = 2.0;
// Where at least this share of the proposed ones is of use, few came because no more were worth it, not because more
// would have been in vain: K does not fall then.
constexpr double kNearlyAll = 0.95;
// What rounding may hide of the objective, as a share of f(0) where weights times columns are no larger than y.
constexpr double kObjectiveRounding = 1e-12;

double l1_norm(const Iterate& iterate) {
  double norm = 0.0;
  for (const double weight : iterate.weights) norm += std::fabs(weight);
  return norm;
}

}  // namespace

ModelPolicy::ModelPolicy(std::unique_ptr<StepRule> rule, const ModelOptions& options)
    : rule_(std::move(rule)),
      options_(options),
      regularizer_(make_regularizer(first_term(options.path))),
      certificate_(*regularizer_, options.workers),
      workers_(options.workers),
      began_seconds_(monotonic_seconds()) {
  publish(version_);
}

void ModelPolicy::merge(WorkerId writer, Clock clock, std::span<const std::byte> update) {
  WorkerState& worker = workers_[writer.value];
  worker.clock = clock.next();
  auto message = decode_update(update);
  if (auto* proposal = std::get_if<Proposal>(&message)) {
    proposals_.push_back(std::move(*proposal));
    return;
  }
  if (auto* candidate = std::get_if<Candidate>(&message)) {
    rule_->overwrite(std::move(*candidate));
    return;
  }
  const Report& report = std::get<Report>(message);
  worker.totals = report.totals;
  ++reporters_;
  is_refused_ = is_refused_ || report.scores.largest_norm == kRefusedNorm;
  if (is_refused_) return;
  largest_norm_ = std::max(largest_norm_, report.scores.largest_norm);
  if (!std::isfinite(report.scores.largest_score)) return;
  worker.evaluated = report.version;
  certificate_.report(writer, report.version, report.scores);
}

ps::Settlement ModelPolicy::settle(const ps::SettleContext& context) {
  ps::Settlement settled{.changed = false, .stop = {}};
  if (is_refused_) {
    if (context.publishes_unchanged) publish(context.next);
    settled.stop = ps::StopReason::stalled;
    return settled;
  }
  begin_automatic_path();
  if (!options_.path.is_automatic()) {
    const bool newest_is_evaluated = everybody_evaluated(version_);
    const std::vector<Proposal> proposals = std::exchange(proposals_, {});
    const bool poor = is_poor_round(proposals.size(), std::exchange(reporters_, 0));
    settled.changed = end_certified_problems();
    if (!all_have_ended() && rule_->advance(proposals)) {
      settled.changed = true;
      is_published_ = false;
      if (!proposals.empty()) learn_from(proposals.size(), active_among(proposals));
    }
    settled.changed |= end_certified_problems();
    if (!settled.changed && !all_have_ended() && newest_is_evaluated) {
      end_problem(false);
      if (!all_have_ended()) {
        restate();
        settled.changed = true;
        (void)end_certified_problems();
      }
    }
    if (settled.changed) {
      thorough_ = !options_.quick_rounds || poor;
    } else if (!thorough_ || (options_.warm_start && version_ == Version{1})) {
      settled.changed = true;  // the same iterate, to be looked at by all columns
      thorough_ = true;
    }
  }
  if (settled.changed || context.publishes_unchanged) publish(context.next);
  if (all_have_ended()) {
    const bool all_converged = std::all_of(points_.begin(), points_.end(), [](const auto& p) { return p.converged; });
    settled.stop = all_converged ? ps::StopReason::converged : ps::StopReason::stalled;
  }
  if (options_.on_progress) tell_progress();
  return settled;
}

void ModelPolicy::publish(Version version) {
  version_ = version;
  is_published_ = true;
  certificate_.publish(version_, iterate().dual, iterate().loss, iterate().inner);
}

// Problems that what is known certifies, one after another: along a path a step may solve several.
bool ModelPolicy::end_certified_problems() {
  bool moved = false;
  while (!all_have_ended() && has_converged()) {
    end_problem(true);
    if (all_have_ended()) break;
    restate();
    moved = true;
  }
  return moved;
}

void ModelPolicy::end_problem(bool converged) {
  points_.push_back(current_point());
  points_.back().converged = converged;
  began_seconds_ = monotonic_seconds();
  began_clocks_ += points_.back().clocks;
  began_columns_evaluated_ += points_.back().columns_evaluated;
}

void ModelPolicy::restate() {
  const L1Term& term = options_.path.terms[points_.size()];
  auto next = make_regularizer(term);
  certificate_.restate(*next);
  regularizer_ = std::move(next);
  rule_->restate(term);
  is_published_ = false;
}

// The smallest lambda that makes alpha = 0 optimal is known when every worker has evaluated w = y.
void ModelPolicy::begin_automatic_path() {
  if (!options_.path.is_automatic() || !everybody_evaluated(Version{1})) return;
  const double largest = certificate_.largest_score_at(Version{1});
  const auto points = static_cast<double>(options_.path.points);
  for (double k = 0; k < points; ++k) {
    const double share = points > 1 ? std::pow(options_.path.smallest_ratio, k / (points - 1)) : 1.0;
    options_.path.terms.push_back(l1_penalty(largest * share));
  }
  restate();
}

PathPoint ModelPolicy::current_point() const {
  if (all_have_ended()) return points_.back();
  PathPoint point;
  point.term = options_.path.is_automatic() ? first_term(options_.path) : options_.path.terms[points_.size()];
  point.columns = iterate().columns;
  point.weights = iterate().weights;
  point.objective = iterate().objective;
  point.loss = iterate().loss;
  point.gap = certified_gap();
  point.lambda = point.term.is_penalty() ? point.term.value : multiplier();
  point.seconds = monotonic_seconds() - began_seconds_;
  for (const WorkerState& worker : workers_) {
    point.clocks += worker.clock.value;
    point.columns_evaluated += worker.totals.columns_evaluated;
  }
  point.clocks -= began_clocks_;
  point.columns_evaluated -= began_columns_evaluated_;
  return point;
}

// What rounding may hide of the objective, where the weights' absolute values sum to `norm`.
double ModelPolicy::rounding(double norm) const {
  const double scale = std::max(1.0, norm * largest_norm_ / std::sqrt(2.0 * options_.null_objective));
  return kObjectiveRounding * options_.null_objective * scale;
}

// lambda of the constraint at hand: the level of the active atoms where the step rule has one, which is the corrective
// step with an active bound, else the largest score as it was reported. The optimum's is within N sqrt(2 gap) of the
// score at any iterate with that gap: a level may be proved too low so, where beta is so small that any atom will do,
// and a bound active. A score that proves nothing may be of either: the gap is at least (beta - ||alpha||_1) lambda, so
// the relatively smaller factor is the one that vanishes at the optimum.
double ModelPolicy::multiplier() const {
  if (options_.null_objective <= 0.0 || largest_norm_ <= 0.0) return iterate().level;
  const double beta = options_.path.terms[std::min(points_.size(), options_.path.size() - 1)].value;
  double score = std::max(0.0, iterate().inner / beta), least = score;  // no larger than the largest
  if (const auto largest = is_published_ ? certificate_.largest_score() : std::nullopt) {
    score = std::max(score, largest->reported);
    least = std::max(least, largest->least);
  }
  const double norm = l1_norm(iterate());
  if (least > iterate().level + largest_norm_ * std::sqrt(2.0 * (certified_gap() + rounding(norm)))) return score;
  if (iterate().level > 0.0) return iterate().level;
  const double slack = 1.0 - norm / beta;
  return slack <= least / (largest_norm_ * std::sqrt(2.0 * options_.null_objective)) ? score : 0.0;
}

// The optimum's dual vector is within sqrt(2 gap) of w, since f + r grows by half the square of the distance from it
// (Ndiaye et al. 2017, theorem 2). Scores reported without the columns screened out bound nothing of another problem,
// and reports outlive their problem: only the last one of a path is screened.
std::optional<Screening> ModelPolicy::screening() const {
  if (points_.size() + 1 < options_.path.size()) return std::nullopt;
  const double gap = certified_gap();
  if (!options_.quick_rounds || !std::isfinite(gap) || iterate().level <= 0.0) return std::nullopt;
  const double radius = std::sqrt(2.0 * (gap + rounding(l1_norm(iterate()))));
  // At the optimum active atoms are at lambda; of a constraint it is known from the ones that are active now.
  const L1Term& term = options_.path.terms[std::min(points_.size(), options_.path.size() - 1)];
  const double level = term.is_penalty() ? term.value : iterate().level - largest_norm_ * radius;
  if (level <= 0.0) return std::nullopt;
  return Screening{.radius = radius, .level = level, .problem = points_.size()};
}

void ModelPolicy::write_row(Bytes& row) const {
  const Request request{.thorough = thorough_, .atoms = atoms_per_worker(), .screening = screening()};
  encode(iterate(), certified_gap(), request, row);
}

std::size_t ModelPolicy::active_among(const std::vector<Proposal>& proposals) const {
  return static_cast<std::size_t>(std::count_if(proposals.begin(), proposals.end(), [&](const Proposal& proposal) {
    return std::binary_search(iterate().columns.begin(), iterate().columns.end(), proposal.index);
  }));
}

bool ModelPolicy::has_converged() const {
  const double gap = certified_gap();
  return std::isfinite(gap) && gap <= options_.tolerance * options_.null_objective;
}

bool ModelPolicy::everybody_evaluated(Version version) const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [version](const WorkerState& worker) { return worker.evaluated == version; });
}

// A share of the active set, so that few rounds are made, but not many more than were of use last time.
std::size_t ModelPolicy::atoms_per_worker() const {
  const std::size_t useful = std::min(iterate().columns.size() / 2, static_cast<std::size_t>(kMore * useful_atoms_));
  const std::size_t all = options_.top_k != 0 ? options_.top_k : std::max(kFewestAtoms, useful);
  return (all + options_.workers - 1) / options_.workers;
}

void ModelPolicy::learn_from(std::size_t proposed, std::size_t kept) {
  const double share = static_cast<double>(kept) / static_cast<double>(proposed);
  const auto now = static_cast<double>(kept);
  useful_atoms_ = share >= kNearlyAll ? std::max(useful_atoms_, now) : now * (share * share) * (share * share);
}

bool ModelPolicy::is_poor_round(std::size_t proposals, std::size_t reporters) const {
  const std::size_t asked = atoms_per_worker() * reporters;
  return static_cast<double>(proposals) < kPoorRound * static_cast<double>(asked);
}

void ModelPolicy::tell_progress() const {
  Progress now;
  now.objective = iterate().objective;
  now.gap = certified_gap();
  now.nonzeros = iterate().columns.size();
  now.problem = std::min(points_.size(), options_.path.size() - 1);
  now.problems = options_.path.size();
  double waited = 0.0, elapsed = 0.0;
  now.slowest = now.fastest = workers_.front().clock;
  for (const WorkerState& worker : workers_) {
    now.slowest = std::min(now.slowest, worker.clock);
    now.fastest = std::max(now.fastest, worker.clock);
    waited += worker.totals.wait_seconds;
    elapsed += worker.totals.elapsed_seconds;
  }
  now.wait_share = elapsed > 0 ? waited / elapsed : 0.0;
  options_.on_progress(now);
}

}  // namespace wolfpack::frank_wolfe
