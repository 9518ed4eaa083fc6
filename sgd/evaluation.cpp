#include "sgd/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/bytes.hpp"

namespace wolfpack::sgd {
namespace {

constexpr std::uint64_t kPatience = 3;  ///< epochs: chance may spoil one or two
constexpr std::size_t kLatest = 8;      ///< evaluations that the row tells of

Candidate unstamped(std::span<const std::byte> bytes, ps::AssignStamp stamp) {
  ByteReader reader(bytes);
  const auto epoch = reader.value<std::uint64_t>();
  return {stamp, epoch, reader.array<double>(reader.rest().size() / sizeof(double))};
}

Bytes nobodys_candidate(Index parameters) {
  return encode_candidate(0, std::vector<double>(static_cast<std::size_t>(parameters)));
}

}  // namespace

Bytes encode_candidate(std::uint64_t epoch, std::span<const double> weights) {
  Bytes out;
  ByteWriter writer(out);
  writer.value(epoch);
  writer.array(weights);
  return out;
}

Candidate peek_candidate(std::span<const std::byte> row) {
  ByteReader reader(row);
  const auto stamp = reader.value<ps::AssignStamp>();
  return {stamp, reader.value<std::uint64_t>(), {}};
}

Candidate decode_candidate(std::span<const std::byte> row) {
  ByteReader reader(row);
  const auto stamp = reader.value<ps::AssignStamp>();
  return unstamped(reader.rest(), stamp);
}

ps::RowSpec candidate_row(Index parameters) {
  const Bytes initial = nobodys_candidate(parameters);
  ps::RowSpec row = ps::assign_row(initial, initial.size());
  row.own_updates = ps::OwnUpdates::application;
  return row;
}

ps::RowSpec best_row(Index parameters) {
  const Bytes initial = nobodys_candidate(parameters);
  ps::RowSpec row = ps::min_objective_row(initial, initial.size());
  row.own_updates = ps::OwnUpdates::application;
  return row;
}

Candidate decode_best(std::span<const std::byte> row) { return unstamped(ps::decode_scored(row).bytes, {}); }

void EvaluationPolicy::merge(WorkerId writer, Clock, std::span<const std::byte> update) {
  const auto part = ByteReader(update).value<PartialLoss>();
  auto& parts = parts_[part.candidate];
  parts.resize(options_.workers);
  parts[writer.value] = part;
  if (std::any_of(parts.begin(), parts.end(), [](const auto& p) { return !p; })) {
    if (parts_.size() > kCandidatesUnderWay) parts_.erase(parts_.begin());
    return;
  }
  double losses = 0.0;  // in the order of the workers, whoever came last: the same bits on every run
  for (const auto& p : parts) losses += p->loss_sum;
  const double mean = losses / static_cast<double>(options_.samples);
  history_.push_back({part.candidate, part.epoch, mean + part.penalty, mean});
  parts_.erase(part.candidate);
  changed_ = true;
  judge(history_.back());
  if (options_.on_evaluation) options_.on_evaluation(history_.back());
}

/// Keeps the running best, and that of three epochs ago, so that the cost does not grow with the history.
void EvaluationPolicy::judge(const Evaluation& evaluation) {
  if (!std::isfinite(evaluation.objective)) {
    is_finite_ = false;
    return;
  }
  best_ = std::min(best_, evaluation.objective);
  if (evaluation.candidate.clock < options_.judged_from.value) return;
  const auto best_of_epoch = recent_.try_emplace(evaluation.epoch, evaluation.objective).first;
  best_of_epoch->second = std::min(best_of_epoch->second, evaluation.objective);
  newest_epoch_ = std::max(newest_epoch_, evaluation.epoch);
  while (recent_.begin()->first + kPatience <= newest_epoch_) {
    best_before_ = std::min(best_before_, recent_.begin()->second);
    recent_.erase(recent_.begin());
  }
}

bool EvaluationPolicy::has_converged() const {
  return options_.tolerance > 0 && std::isfinite(best_before_) && best_before_ - best_ <= options_.tolerance * best_;
}

ps::Settlement EvaluationPolicy::settle(const ps::SettleContext&) {
  ps::Settlement settled{.changed = std::exchange(changed_, false), .stop = {}};
  if (!settled.changed) return settled;
  if (!is_finite_)
    settled.stop = ps::StopReason::stalled;
  else if (has_converged())
    settled.stop = ps::StopReason::converged;
  return settled;
}

void EvaluationPolicy::write_row(Bytes& row) const {
  const std::size_t skipped = history_.size() - std::min(kLatest, history_.size());
  ByteWriter(row).array(std::span(history_).subspan(skipped));
}

ps::RowSpec evaluation_row(const EvaluationOptions& options) {
  return {.capacity = {.row_bytes = kLatest * sizeof(Evaluation), .update_bytes = sizeof(PartialLoss)},
          .own_updates = ps::OwnUpdates::application,
          .make_policy = [options] { return std::make_unique<EvaluationPolicy>(options); }};
}

std::vector<Evaluation> decode_evaluations(std::span<const std::byte> row) {
  return ByteReader(row).array<Evaluation>(row.size() / sizeof(Evaluation));
}

}  // namespace wolfpack::sgd
