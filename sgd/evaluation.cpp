#include "sgd/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/bytes.hpp"

namespace wolfpack::sgd {
namespace {

constexpr std::uint64_t kPatience = 3;  ///< epochs: chance may spoil one or two
constexpr std::size_t kLatest = 8;      ///< evaluations that the row tells of
constexpr std::size_t kPending = 16;    ///< candidates under way; older ones will not be completed any more

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
  return ps::assign_row(initial, initial.size());
}

ps::RowSpec best_row(Index parameters) {
  const Bytes initial = nobodys_candidate(parameters);
  return ps::min_objective_row(initial, initial.size());
}

Candidate decode_best(std::span<const std::byte> row) { return unstamped(ps::decode_scored(row).bytes, {}); }

void EvaluationPolicy::merge(WorkerId writer, Clock, std::span<const std::byte> update) {
  const auto part = ByteReader(update).value<PartialLoss>();
  auto& parts = parts_[part.candidate];
  parts.resize(options_.workers);
  parts[writer.value] = part;
  if (std::any_of(parts.begin(), parts.end(), [](const auto& p) { return !p; })) {
    if (parts_.size() > kPending) parts_.erase(parts_.begin());
    return;
  }
  double losses = 0.0;  // in the order of the workers, whoever came last: the same bits on every run
  for (const auto& p : parts) losses += p->loss_sum;
  const double mean = losses / static_cast<double>(options_.samples);
  history_.push_back({part.candidate, part.epoch, mean + part.penalty, mean});
  parts_.erase(part.candidate);
  changed_ = true;
  if (options_.on_evaluation) options_.on_evaluation(history_.back());
}

bool EvaluationPolicy::has_converged() const {
  if (options_.tolerance <= 0 || history_.empty()) return false;
  const std::uint64_t epoch = history_.back().epoch;
  double before = std::numeric_limits<double>::infinity(), now = before;
  for (const Evaluation& evaluation : history_) {
    now = std::min(now, evaluation.objective);
    if (evaluation.epoch + kPatience <= epoch) before = std::min(before, evaluation.objective);
  }
  return std::isfinite(before) && before - now <= options_.tolerance * now;
}

ps::Settlement EvaluationPolicy::settle(const ps::SettleContext&) {
  ps::Settlement settled{.changed = std::exchange(changed_, false), .stop = {}};
  if (!settled.changed) return settled;
  if (!std::isfinite(history_.back().objective))
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
