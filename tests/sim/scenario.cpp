#include "tests/sim/scenario.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "ps/value.hpp"

namespace wolfpack::sim {
namespace {

using runtime::Iteration;
using runtime::Job;

constexpr double kHeartbeatTimeoutSeconds = 1.0;
constexpr std::size_t kRowWords = 40;

/// The first thing that broke. The simulation runs one thread at a time, so this needs no lock.
class Verdict {
 public:
  void broke(std::string what) {
    if (first_.empty()) first_ = std::move(what);
  }
  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  std::string first_;
};

/// (writer, sequence number of its updates of this row, clock), then words that follow from them.
Bytes checked_update(std::uint64_t writer, std::uint64_t sequence, std::uint64_t clock, std::size_t words) {
  Bytes out;
  ByteWriter bytes(out);
  for (const std::uint64_t word : {writer, sequence, clock}) bytes.value(word);
  for (std::size_t i = 0; i < words; ++i) bytes.value(sequence * 1000 + i);
  return out;
}

class CheckedPolicy final : public ps::MergePolicy {
 public:
  CheckedPolicy(Verdict& verdict, std::size_t workers, std::optional<std::uint64_t> stop_at_version)
      : verdict_(verdict), next_(workers, 0), clocks_(workers), stop_at_version_(stop_at_version) {}

  void merge(WorkerId writer, Clock clock, std::span<const std::byte> update) override {
    ByteReader reader(update);
    const auto who = reader.value<std::uint64_t>();
    const auto sequence = reader.value<std::uint64_t>();
    const auto when = reader.value<std::uint64_t>();
    if (who != writer.value) verdict_.broke(fmt::format("an update of worker {} came from lane {}", who, writer.value));
    if (sequence != next_[writer.value])
      verdict_.broke(
          fmt::format("worker {}: update {} was merged after update {}", who, sequence, next_[writer.value]));
    if (when != clock.value || clock < clocks_[writer.value])
      verdict_.broke(fmt::format("worker {}: an update of clock {} was merged at clock {}", who, when, clock.value));
    if (checked_update(who, sequence, when, update.size() / 8 - 3) != Bytes(update.begin(), update.end()))
      verdict_.broke(fmt::format("worker {}: update {} arrived changed", who, sequence));
    next_[writer.value] = sequence + 1;
    clocks_[writer.value] = clock;
    changed_ = true;
  }
  ps::Settlement settle(const ps::SettleContext& context) override {
    ps::Settlement settled;
    settled.changed = std::exchange(changed_, false);
    if (settled.changed || context.publishes_unchanged) version_ = context.next.value;
    if (stop_at_version_ && version_ >= *stop_at_version_) settled.stop = ps::StopReason::converged;
    return settled;
  }
  void write_row(Bytes& row) const override {
    ByteWriter writer(row);
    const std::size_t words = 1 + (version_ * 7) % kRowWords;
    for (std::size_t i = 0; i < words; ++i) writer.value(version_);
    writer.array(std::span<const std::uint64_t>(next_));
  }
  [[nodiscard]] const std::vector<std::uint64_t>& merged() const { return next_; }

 private:
  Verdict& verdict_;
  std::vector<std::uint64_t> next_;
  std::vector<Clock> clocks_;
  std::uint64_t version_ = 1;
  bool changed_ = false;
  std::optional<std::uint64_t> stop_at_version_;
};

/// What the workers do and watch.
class Watcher {
 public:
  Watcher(const Scenario& scenario, Simulation& simulation, Verdict& verdict)
      : scenario_(scenario),
        simulation_(simulation),
        verdict_(verdict),
        policy_(scenario.claimed_staleness.value_or(scenario.staleness), scenario.iterations),
        finished_(scenario.workers, 0),
        sequences_(scenario.workers, std::vector<std::uint64_t>(scenario.checked_rows, 0)),
        made_(scenario.workers),
        seen_(scenario.workers) {}

  void iterate(Iteration& it) {
    const std::size_t self = it.worker().value;
    const std::uint64_t clock = it.clock().value;
    check_start(self, clock);
    read_added(it, self, clock);
    for (std::uint32_t k = 1; k <= scenario_.checked_rows; ++k)
      if (chance(simulation_.random(), 0.7)) read_checked(it, {k});
    it.compute([&] { sleep_seconds(scenario_.compute_seconds * unit(simulation_.random())); });
    update(it, self, clock);
    made_[self].push_back(sequences_[self]);
    if (chance(simulation_.random(), 0.3)) read_added(it, self, clock + 1);
    finished_[self] = clock + 1;  // before its tick: nobody can rightly see less than this
  }
  /// Made so far.
  [[nodiscard]] std::uint64_t updates(std::size_t worker, std::uint32_t key) const {
    return sequences_[worker][key - 1];
  }

 private:
  void check_start(std::size_t self, std::uint64_t clock) {
    if (clock != finished_[self]) verdict_.broke(fmt::format("worker {}: clock {} out of turn", self, clock));
    const std::uint64_t slowest = *std::min_element(finished_.begin(), finished_.end());
    if (policy_.next({clock}, {std::min(slowest, clock)}) != runtime::SspPolicy::Decision::start)
      verdict_.broke(fmt::format("lead rule: worker {} starts clock {} while one is at {}", self, clock, slowest));
  }

  // `own`: the own clocks that must show.
  void read_added(Iteration& it, std::size_t self, std::uint64_t own) {
    const ps::Row row = it.get({0});
    const auto values = ps::as_doubles(row.payload);
    const std::uint64_t required = policy_.required_by_reads(it.clock()).value;
    auto& seen = seen_[self];
    seen.resize(scenario_.workers, 0);
    for (std::size_t j = 0; j < scenario_.workers; ++j) {
      const auto of_j = values.subspan(j * scenario_.iterations, scenario_.iterations);
      const auto shown = static_cast<std::uint64_t>(std::find(of_j.begin(), of_j.end(), 0.0) - of_j.begin());
      for (std::size_t c = 0; c < of_j.size(); ++c)
        if (of_j[c] != (c < shown ? 1.0 : 0.0))
          verdict_.broke(fmt::format("worker {} sees clock {} of worker {} {} times, and {} clocks before it", self, c,
                                     j, of_j[c], shown));
      if (j == self ? shown != own : shown < required)
        verdict_.broke(fmt::format("read rule: worker {} at clock {} sees {} clocks of worker {}, due are {}", self,
                                   it.clock().value, shown, j, j == self ? own : required));
      if (j != self && shown > finished_[j])
        verdict_.broke(
            fmt::format("worker {} sees {} clocks of worker {}, which made {}", self, shown, j, finished_[j]));
      if (shown < seen[j])
        verdict_.broke(fmt::format("worker {} saw {} clocks of worker {}, now {}", self, seen[j], j, shown));
      if (j != self && shown < std::min(row.floor.value, scenario_.iterations))
        verdict_.broke(fmt::format("a row with floor {} shows {} clocks of worker {}", row.floor.value, shown, j));
      seen[j] = shown;
    }
  }

  void read_checked(Iteration& it, ps::Key key) {
    const ps::Row row = it.get(key);
    ByteReader reader(row.payload);
    auto words = reader.array<std::uint64_t>(row.payload.size() / 8);
    check_counts(it, key, std::span(words).last(scenario_.workers));
    words.resize(words.size() - scenario_.workers);
    if (words.size() != 1 + (row.version.value * 7) % kRowWords)
      verdict_.broke(fmt::format("version {} of row {} has {} words", row.version.value, key.value, words.size()));
    for (const std::uint64_t word : words)
      if (word != row.version.value)
        verdict_.broke(
            fmt::format("torn row {}: version {} holds a word of version {}", key.value, row.version.value, word));
  }

  // How many updates of whom are in the row: at least those of the clocks that the read rule names.
  void check_counts(const Iteration& it, ps::Key key, std::span<const std::uint64_t> counts) {
    const std::uint64_t required = policy_.required_by_reads(it.clock()).value;
    for (std::size_t j = 0; j < scenario_.workers && required > 0; ++j) {
      const std::uint64_t due = j == it.worker().value ? 0 : made_[j].at(required - 1)[key.value - 1];
      if (counts[j] < due)
        verdict_.broke(
            fmt::format("read rule: worker {} at clock {} sees {} updates of worker {} in row {}, due are {}",
                        it.worker().value, it.clock().value, counts[j], j, key.value, due));
    }
  }

  void update(Iteration& it, std::size_t self, std::uint64_t clock) {
    const auto entry = static_cast<Index>(self * scenario_.iterations + clock);
    it.update({0}, ps::encode_sparse(std::vector{entry}, std::vector{1.0}));
    for (std::size_t n = 0; n < scenario_.updates_a_clock && scenario_.checked_rows > 0; ++n) {
      const auto k = below(simulation_.random(), scenario_.checked_rows);
      const std::size_t words = below(simulation_.random(), scenario_.largest_update_words + 1);
      it.update({static_cast<std::uint32_t>(1 + k)}, checked_update(self, sequences_[self][k]++, clock, words));
    }
  }

  const Scenario& scenario_;
  Simulation& simulation_;
  Verdict& verdict_;
  runtime::SspPolicy policy_;
  std::vector<std::uint64_t> finished_;
  std::vector<std::vector<std::uint64_t>> sequences_;          // by worker, row: of the next update
  std::vector<std::vector<std::vector<std::uint64_t>>> made_;  // by worker, clock: sequences_ at its end
  std::vector<std::vector<std::uint64_t>> seen_;               // by reader, worker: clocks
};

std::vector<ps::RowSpec> rows_of(const Scenario& scenario, Verdict& verdict) {
  std::vector<ps::RowSpec> rows{ps::add_row(std::vector<double>(scenario.workers * scenario.iterations))};
  rows[0].capacity.update_bytes = 64;
  for (std::size_t k = 0; k < scenario.checked_rows; ++k) {
    const auto stop = k == 0 ? scenario.stop_at_version : std::nullopt;
    rows.push_back({.capacity = {.row_bytes = 8 * (kRowWords + scenario.workers),
                                 .update_bytes = 8 * (3 + scenario.largest_update_words)},
                    .own_updates = ps::OwnUpdates::application,
                    .make_policy = [&verdict, workers = scenario.workers, stop] {
                      return std::make_unique<CheckedPolicy>(verdict, workers, stop);
                    }});
  }
  return rows;
}

/// What a host holds at the end: every clock of everybody, and every update, each once.
void check_result(const Scenario& scenario, Job& job, const Watcher& watcher, Verdict& verdict) {
  for (std::uint32_t key = 0; key <= scenario.checked_rows; ++key) {
    if (key % scenario.shards != job.worker().value) continue;
    if (key > 0) {
      const auto& merged = dynamic_cast<const CheckedPolicy&>(job.policy({key})).merged();
      for (std::size_t i = 0; i < merged.size(); ++i)
        if (merged[i] != watcher.updates(i, key))
          verdict.broke(fmt::format("at the end row {} has {} of worker {}'s {} updates", key, merged[i], i,
                                    watcher.updates(i, key)));
      continue;
    }
    Bytes row;
    job.policy({0}).write_row(row);
    for (const double value : ps::as_doubles(row))
      if (value != 1.0) verdict.broke(fmt::format("at the end a clock is folded in {} times", value));
  }
}

void check_endings(const Scenario& scenario, const Outcome& outcome, Verdict& verdict) {
  if (!scenario.victim || outcome.workers[*scenario.victim].how == Ending::How::returned)
    return verdict.broke(outcome.problem());
  if (!outcome.hang.empty()) return verdict.broke(outcome.hang);
  const std::string victim = fmt::format("worker {}", *scenario.victim);
  bool named = scenario.workers == 1;
  bool all_done = true;  // the victim may be the last to go
  for (std::size_t i = 0; i < scenario.workers; ++i) {
    const Ending& ending = outcome.workers[i];
    if (i == *scenario.victim) continue;
    all_done &= ending.how == Ending::How::returned;
    named |= ending.what.find(victim) != std::string::npos;
    if (ending.how == Ending::How::died) verdict.broke(fmt::format("worker {} ended with its peer", i));
  }
  constexpr double kPatienceSeconds = 3 * kHeartbeatTimeoutSeconds;
  if (outcome.virtual_seconds > scenario.killed_at_seconds + kPatienceSeconds)
    verdict.broke(
        fmt::format("it ended {:.1f} s after the death", outcome.virtual_seconds - scenario.killed_at_seconds));
  if (!named && !all_done) verdict.broke(fmt::format("nobody says that {} was lost: {}", victim, outcome.problem()));
}

}  // namespace

Scenario Scenario::of(std::uint64_t seed) {
  Random random(seed * 2654435761u + 17);
  Scenario s;
  s.seed = seed;
  s.workers = 1 + below(random, 4);
  s.shards = 1 + below(random, s.workers);
  s.checked_rows = 1 + below(random, 3);
  s.iterations = 1 + below(random, 16);
  const Staleness some[] = {kBulkSynchronous, {1}, {2}, {3}, {7}, kAsynchronous};
  s.staleness = some[below(random, 6)];
  s.lane_bytes = std::uint64_t{512} << below(random, 4);
  s.updates_a_clock = below(random, 6);
  s.compute_seconds = std::pow(10.0, -7.0 + 4.0 * unit(random));
  if (chance(random, 0.3))
    s.straggler = runtime::StragglerSpec{.worker = WorkerId{static_cast<std::uint32_t>(below(random, s.workers))},
                                         .slowdown = 1.0 + 50.0 * unit(random)};
  if (chance(random, 0.3)) s.fold_patience = unit(random);
  const double length_seconds = 0.02 * unit(random) * unit(random);  // of set-up and run, about
  const std::uint64_t ending = below(random, 8);
  if (ending == 0) s.stop_after_seconds = length_seconds;
  if (ending == 1) s.stop_at_version = 1 + below(random, s.iterations);
  if (ending == 2) s.victim = below(random, s.workers);
  s.killed_at_seconds = length_seconds;
  if (ending == 3) s.sleeper = below(random, s.workers);
  s.suspended_at_seconds = length_seconds;
  s.suspended_seconds = 0.5 * kHeartbeatTimeoutSeconds * unit(random);
  return s;
}

ps::JobLayout Scenario::layout() const {
  Verdict verdict;
  std::vector<ps::RowCapacity> capacities;
  for (const auto& row : rows_of(*this, verdict)) capacities.push_back(row.capacity);
  return ps::JobLayout::make(workers, shards, capacities, lane_bytes);
}

std::string Scenario::run() const {
  SimulatedJob simulated({.seed = seed, .workers = workers, .weather = weather, .wrap = wrap});
  Simulation& simulation = simulated.simulation();
  if (victim) simulation.at(killed_at_seconds, [&] { simulated.network().kill(*victim); });
  if (sleeper) simulation.at(suspended_at_seconds, [&] { simulation.suspend(*sleeper, suspended_seconds); });

  Verdict verdict;
  Watcher watcher(*this, simulation, verdict);
  const auto rows = rows_of(*this, verdict);
  const runtime::JobOptions options{
      .rows = rows,
      .shards = shards,
      .smallest_lane_bytes = lane_bytes,
      .heartbeat_timeout_seconds = kHeartbeatTimeoutSeconds,
      .shard_help = seed % 2 == 0 ? runtime::ShardHelp::always : runtime::ShardHelp::never};
  const Outcome outcome = simulated.run(options, [&](Job& job) {
    const auto result = job.iterate({.iterations = iterations,
                                     .staleness = staleness,
                                     .straggler = straggler,
                                     .time_limit_seconds = stop_after_seconds,
                                     .fold_patience = fold_patience},
                                    [&](Iteration& it) { watcher.iterate(it); });
    if (result.stop.reason == ps::StopReason::iterations_done) {
      if (result.clock.value != iterations) verdict.broke("a worker ended before its last clock");
      check_result(*this, job, watcher, verdict);
    } else if (result.stop.reason != (stop_after_seconds ? ps::StopReason::time_limit : ps::StopReason::converged) ||
               (!stop_after_seconds && !stop_at_version)) {
      verdict.broke(fmt::format("it stopped for reason {}", static_cast<int>(result.stop.reason)));
    }
    job.close();
  });
  check_endings(*this, outcome, verdict);
  return verdict.first();
}

std::string Scenario::describe() const {
  const auto or_none = [](const auto& value) { return value ? fmt::format("{}", *value) : std::string("none"); };
  Random random(seed);
  return fmt::format(
      "seed {}: {} workers, {} shards, {} rows, {} iterations, staleness {}, lanes of {} bytes, {} updates a clock, "
      "compute {:.2g} s, straggler {}, patience {:.2g}, time limit {}, stop at version {}, victim {} at {:.3g} s, "
      "sleeper {} "
      "at {:.3g} s for {:.3g} s; {}",
      seed, workers, shards, checked_rows + 1, iterations,
      staleness.is_asynchronous() ? "asp" : std::to_string(staleness.value), lane_bytes, updates_a_clock,
      compute_seconds, straggler ? fmt::format("{} x {:.1f}", straggler->worker->value, straggler->slowdown) : "none",
      fold_patience, or_none(stop_after_seconds), or_none(stop_at_version), or_none(victim), killed_at_seconds,
      or_none(sleeper), suspended_at_seconds, suspended_seconds,
      (weather ? *weather : Weather::today(random)).describe());
}

}  // namespace wolfpack::sim
