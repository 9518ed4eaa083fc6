#include "frank_wolfe/model_policy.hpp"

#include <algorithm>
#include <utility>

namespace wolfpack::frank_wolfe {

ModelPolicy::ModelPolicy(std::unique_ptr<StepRule> rule, std::unique_ptr<FeasibleSet> set, std::size_t workers,
                         double tolerance, double null_objective, ProgressCallback on_progress)
    : rule_(std::move(rule)),
      set_(std::move(set)),
      certificate_(*set_, workers),
      tolerance_(tolerance),
      null_objective_(null_objective),
      workers_(workers),
      on_progress_(std::move(on_progress)) {
  certificate_.publish(version_, iterate().dual, iterate().objective, iterate().inner);
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
  worker.evaluated = report.version;
  worker.wait_seconds = report.wait_seconds;
  worker.elapsed_seconds = report.elapsed_seconds;
  certificate_.report(writer, report.version, report.scores);
}

ps::Settlement ModelPolicy::settle(const ps::SettleContext& context) {
  const std::vector<Proposal> proposals = std::exchange(proposals_, {});
  ps::Settlement settled{.changed = false, .stop = {}};
  if (!has_converged()) {
    const bool newest_is_evaluated = everybody_evaluated(version_);
    settled.changed = rule_->advance(proposals);
    if (!settled.changed && newest_is_evaluated) settled.stop = ps::StopReason::stalled;
  }
  if (settled.changed || context.publishes_unchanged) {
    version_ = context.next;
    certificate_.publish(version_, iterate().dual, iterate().objective, iterate().inner);
  }
  if (has_converged()) settled.stop = ps::StopReason::converged;
  if (on_progress_) tell_progress();
  return settled;
}

void ModelPolicy::write_row(Bytes& row) const { encode(iterate(), certified_gap(), row); }

bool ModelPolicy::everybody_evaluated(Version version) const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [version](const WorkerState& worker) { return worker.evaluated == version; });
}

void ModelPolicy::tell_progress() const {
  Progress now;
  now.objective = iterate().objective;
  now.gap = certified_gap();
  now.nonzeros = iterate().columns.size();
  double waited = 0.0, elapsed = 0.0;
  now.slowest = now.fastest = workers_.front().clock;
  for (const WorkerState& worker : workers_) {
    now.slowest = std::min(now.slowest, worker.clock);
    now.fastest = std::max(now.fastest, worker.clock);
    waited += worker.wait_seconds;
    elapsed += worker.elapsed_seconds;
  }
  now.wait_share = elapsed > 0 ? waited / elapsed : 0.0;
  on_progress_(now);
}

}  // namespace wolfpack::frank_wolfe
