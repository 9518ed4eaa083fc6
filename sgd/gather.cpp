#include "sgd/gather.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/bytes.hpp"

namespace wolfpack::sgd {
namespace {

template <class T>
std::span<const T> span_of(const std::vector<T>& values) {
  return values;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

struct Totals {        // wire format: no padding
  std::uint64_t stop;  // a ps::StopReason
  double seconds;
  std::uint64_t clocks, samples_seen, times, evaluations;
};

std::vector<HistoryRow> with_times(const std::vector<Evaluation>& evaluations,
                                   const std::vector<CandidateTimes>& times) {
  std::map<ps::AssignStamp, CandidateTimes> times_of;
  for (const CandidateTimes& t : times) times_of.emplace(t.candidate, t);
  std::vector<HistoryRow> history;
  for (const Evaluation& evaluation : evaluations) {
    HistoryRow row{evaluation, NAN, NAN};
    if (const auto found = times_of.find(evaluation.candidate); found != times_of.end()) {
      row.made_seconds = found->second.made;
      if (found->second.known > 0) row.known_seconds = found->second.known;
    }
    history.push_back(row);
  }
  return history;
}

}  // namespace

FeatureSummary gather_summary(runtime::Job& job, const Samples& mine) {
  const FeatureSummary part = summarise(mine);
  Bytes message;
  ByteWriter writer(message);
  writer.value(part.samples);
  writer.array(span_of(part.counts));
  writer.array(span_of(part.largest));
  const std::size_t features = part.counts.size();
  FeatureSummary all{0, std::vector<double>(features), std::vector<double>(features)};
  for (const Bytes& other : job.allgather(message)) {
    ByteReader reader(other);
    const auto samples = reader.value<std::uint64_t>();
    auto counts = reader.array<double>(features);
    add_to(all, {samples, std::move(counts), reader.array<double>(features)});
  }
  return all;
}

double gather_sum(runtime::Job& job, double mine) {
  Bytes message;
  ByteWriter(message).value(mine);
  double sum = 0.0;
  for (const Bytes& other : job.allgather(message)) sum += ByteReader(other).value<double>();
  return sum;
}

Gathered gather(runtime::Job& job, const runtime::IterateResult& ran, const Worker& worker, const Parameters& layout) {
  const auto hosts = [&](ps::Key key) { return job.worker().value == key.value % layout.blocks; };
  std::vector<Evaluation> hosted;
  if (hosts(layout.evaluations()))
    hosted = dynamic_cast<const EvaluationPolicy&>(job.policy(layout.evaluations())).history();
  Bytes best;
  if (hosts(layout.best())) job.policy(layout.best()).write_row(best);

  Bytes message;
  ByteWriter writer(message);
  writer.value(Totals{static_cast<std::uint64_t>(ran.stop.reason), ran.seconds, ran.clock.value, worker.samples_seen(),
                      worker.candidate_times().size(), hosted.size()});
  writer.array(span_of(worker.candidate_times()));
  writer.array(span_of(hosted));
  writer.blob(best);

  const std::vector<Bytes> messages = job.allgather(message);
  Gathered all;
  const auto first = ByteReader(messages.front()).value<Totals>();
  all.stop = static_cast<ps::StopReason>(first.stop);
  all.seconds = first.seconds;
  std::vector<CandidateTimes> times;
  std::vector<Evaluation> evaluations;
  for (const Bytes& other : messages) {
    ByteReader reader(other);
    const auto totals = reader.value<Totals>();
    all.clocks += totals.clocks;
    all.samples_seen += totals.samples_seen;
    append(times, reader.array<CandidateTimes>(totals.times));
    append(evaluations, reader.array<Evaluation>(totals.evaluations));
    if (const auto row = reader.blob(); !row.empty()) all.best = decode_best(row);
  }
  all.history = with_times(evaluations, times);
  all.trace = job.gather_trace(ran.trace);
  return all;
}

std::vector<double> gather_final_weights(runtime::Job& job, const Worker& worker, ps::AssignStamp of,
                                         Index parameters) {
  Bytes message;  // empty where this worker has nothing to say
  ByteWriter writer(message);
  if (of.writer == 0 && worker.last_read().value > 0 && worker.samples_seen() > 0) {
    writer.value(worker.last_read());
    writer.array(span_of(worker.mean().value()));
  } else if (const auto candidate = worker.candidate(of); !candidate.empty()) {
    writer.value(worker.last_read());
    writer.array(candidate);
  }
  const std::vector<Bytes> messages = job.allgather(message);
  const bool is_gone = std::all_of(messages.begin(), messages.end(), [](const Bytes& m) { return m.empty(); });
  if (of.writer != 0 && is_gone) return gather_final_weights(job, worker, {}, parameters);
  std::vector<double> weights(static_cast<std::size_t>(parameters));
  Version newest;
  for (const Bytes& other : messages) {
    if (other.empty()) continue;
    ByteReader reader(other);
    const auto version = reader.value<Version>();
    if (version <= newest) continue;
    newest = version;
    weights = reader.array<double>(weights.size());
  }
  return weights;
}

Model gather_model(runtime::Job& job, const Samples& mine, std::vector<double> weights, double l2,
                   std::uint64_t samples) {
  const Fit fit = evaluate(mine, weights);
  const auto n = static_cast<double>(samples);
  Model model;
  model.log_loss = gather_sum(job, fit.loss_sum) / n;
  model.accuracy = gather_sum(job, static_cast<double>(fit.correct)) / n;
  model.objective = model.log_loss + penalty(weights, l2);
  model.weights = std::move(weights);
  return model;
}

}  // namespace wolfpack::sgd
