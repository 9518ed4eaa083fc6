// A recorded run over several shards comes out the same, bit for bit, however its replay is timed. The workers mix all
// they read into what they write, and the rows all they merge in the order in which they merge it, so that whatever is
// read or folded otherwise shows in everything that follows.
#include <cmath>
#include <functional>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "base/time.hpp"
#include "ps/value.hpp"
#include "tests/sim/seeds.hpp"
#include "tests/sim/simulated_job.hpp"

namespace wolfpack::sim {
namespace {

using runtime::Iteration;
using runtime::Recording;

std::uint64_t mix(std::uint64_t digest, std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) digest = (digest ^ static_cast<std::uint64_t>(byte)) * 1099511628211u;
  return digest ^ (digest >> 29);
}

/// A digest of the updates in the order in which they were merged.
class MixingPolicy final : public ps::MergePolicy {
 public:
  explicit MixingPolicy(std::optional<std::uint64_t> stop_at_version) : stop_at_version_(stop_at_version) {}
  void merge(WorkerId writer, Clock clock, std::span<const std::byte> update) override {
    digest_ = mix(digest_ + writer.value * 31 + clock.value, update);
    changed_ = true;
  }
  ps::Settlement settle(const ps::SettleContext& context) override {
    ps::Settlement settled{.changed = std::exchange(changed_, false), .stop = {}};
    if (stop_at_version_ && context.next.value >= *stop_at_version_) settled.stop = ps::StopReason::converged;
    return settled;
  }
  void write_row(Bytes& row) const override { ByteWriter(row).value(digest_); }

 private:
  std::uint64_t digest_ = 1;
  bool changed_ = false;
  std::optional<std::uint64_t> stop_at_version_;
};

struct Mixed {
  std::vector<Bytes> rows;             // by key, at the end
  std::vector<std::uint64_t> digests;  // by worker, of what its finished iterations read
  Recording recording;
  ps::StopReason stop = ps::StopReason::running;

  [[nodiscard]] std::string difference(const Mixed& other) const {
    if (stop != other.stop) return "why it stopped";
    for (std::size_t i = 0; i < digests.size(); ++i)
      if (digests[i] != other.digests[i]) return fmt::format("what worker {} read", i);
    for (std::size_t k = 0; k < rows.size(); ++k)
      if (rows[k] != other.rows[k]) return fmt::format("row {}", k);
    return "";
  }
};

struct Mixing {
  std::uint64_t seed = 0;
  std::uint64_t timing_seed = 0;
  std::size_t workers = 2;
  std::uint64_t shards = 2;
  std::uint32_t rows = 4;  // of all kinds
  std::uint64_t iterations = 10;
  Staleness staleness{1};
  double compute_seconds = 1e-5;
  std::optional<double> time_limit_seconds;
  std::optional<std::uint64_t> stop_at_version;  // of row 1
  bool record = false;
  const Recording* replay = nullptr;

  static Mixing of(std::uint64_t seed) {
    Random random(seed * 2654435761u + 5);
    Mixing m;
    m.seed = m.timing_seed = seed;
    m.workers = 2 + below(random, 3);
    m.shards = 1 + below(random, m.workers);
    m.rows = static_cast<std::uint32_t>(1 + below(random, 5));
    m.iterations = 2 + below(random, 30);
    const Staleness some[] = {kBulkSynchronous, {1}, {3}, kAsynchronous};
    m.staleness = some[below(random, 4)];
    m.compute_seconds = std::pow(10.0, -7.0 + 4.0 * unit(random));
    if (chance(random, 0.2)) m.time_limit_seconds = 0.01 * unit(random);
    if (chance(random, 0.3)) m.stop_at_version = 1 + below(random, m.iterations);
    return m;
  }

  enum class Kind { add, mixing, assign, waited_for, best };
  [[nodiscard]] static Kind kind_of(std::uint32_t key) { return static_cast<Kind>(key % 5); }

  [[nodiscard]] std::vector<ps::RowSpec> row_specs() const {
    std::vector<ps::RowSpec> specs;
    for (std::uint32_t k = 0; k < rows; ++k) {
      const Kind kind = kind_of(k);
      const auto stop = k == 1 ? stop_at_version : std::nullopt;
      if (kind == Kind::add)
        specs.push_back(ps::add_row(std::vector<double>(workers)));
      else if (kind == Kind::assign)
        specs.push_back(ps::assign_row({}, 8));
      else if (kind == Kind::best)
        specs.push_back(ps::min_objective_row({}, 8));
      else
        specs.push_back({.capacity = {.row_bytes = 8, .update_bytes = 8},
                         .own_updates = kind == Kind::mixing ? ps::OwnUpdates::application : ps::OwnUpdates::wait,
                         .make_policy = [stop] { return std::make_unique<MixingPolicy>(stop); }});
    }
    return specs;
  }

  // What it does follows from its clock, its number and what it read; what it takes, from the timing.
  // `digests`: after each clock; those of clocks that the stop cut off are there, too.
  void iterate(Iteration& it, std::vector<std::uint64_t>& digests, Version& last, Random& timing) const {
    Random program(seed + 1000003 * it.clock().value + it.worker().value);
    std::uint64_t mixed = digests.back();
    for (std::uint32_t k = 0; k < rows; ++k) {
      if (chance(program, 0.4)) continue;
      const bool waits_for_news = k == 0 && chance(program, 0.3);
      const auto row = waits_for_news ? it.get_newer({k}, last) : std::optional(it.get({k}));
      if (!row) continue;
      if (k == 0) last = row->version;
      mixed = mix(mixed + row->own_folded.value, row->payload);
    }
    it.compute([&] { sleep_seconds(compute_seconds * unit(timing)); });
    for (std::uint32_t k = 0; k < rows; ++k) {
      if (k > 0 && chance(program, 0.5)) continue;  // who waits for news of row 0 counts on everybody
      const auto number = static_cast<double>(1 + mixed % 1000);
      const auto bytes = std::as_bytes(std::span(&mixed, 1));
      if (kind_of(k) == Kind::add)
        it.update({k}, ps::encode_sparse(std::vector{static_cast<Index>(it.worker().value)}, std::vector{number}));
      else
        it.update({k}, kind_of(k) == Kind::best ? ps::encode_scored(number, bytes) : Bytes(bytes.begin(), bytes.end()));
    }
    digests.push_back(mixed);
  }

  /// What broke, one line; empty where nothing did.
  std::string run(Mixed& result) const {
    SimulatedJob simulated({.seed = timing_seed, .workers = workers});
    result = {};
    result.rows.resize(rows);
    result.digests.resize(workers);
    const runtime::JobOptions options{
        .rows = row_specs(),
        .shards = shards,
        .smallest_lane_bytes = 1024,
        .heartbeat_timeout_seconds = 1.0,
        .shard_help = timing_seed % 2 == 0 ? runtime::ShardHelp::always : runtime::ShardHelp::never};
    const Outcome outcome = simulated.run(options, [&](runtime::Job& job) {
      std::vector<std::uint64_t> digests{job.worker().value};
      Version last;
      if (seed % 3 == 0)  // a job that has iterated before
        job.iterate({.iterations = 3, .staleness = staleness}, [&](Iteration& it) {
          std::vector<std::uint64_t> another{1};
          Version none;
          iterate(it, another, none, simulated.simulation().random());
        });
      auto ran = job.iterate({.iterations = iterations,
                              .staleness = staleness,
                              .time_limit_seconds = time_limit_seconds,
                              .record = record,
                              .replay = replay},
                             [&](Iteration& it) { iterate(it, digests, last, simulated.simulation().random()); });
      result.digests[job.worker().value] = digests.at(ran.clock.value);
      for (std::uint32_t k = 0; k < rows; ++k)
        if (k % shards == job.worker().value) job.policy({k}).write_row(result.rows[k]);
      if (job.worker().value == 0) result.recording = std::move(ran.recording);
      result.stop = ran.stop.reason;
      job.close();
    });
    return outcome.problem();
  }

  [[nodiscard]] std::string describe() const {
    return fmt::format("seed {}: {} workers, {} shards, {} rows, {} iterations, staleness {}, compute {:.2g} s, {}{}",
                       seed, workers, shards, rows, iterations,
                       staleness.is_asynchronous() ? "asp" : std::to_string(staleness.value), compute_seconds,
                       time_limit_seconds ? fmt::format("time limit {:.3g} s", *time_limit_seconds) : "",
                       stop_at_version ? fmt::format("stop at version {}", *stop_at_version) : "");
  }
};

/// Calls `judge` with recorded runs; it says what broke.
void for_each_recorded(std::uint64_t count,
                       const std::function<std::string(Mixing mixing, const Mixed& first)>& judge) {
  for_each_seed(count, [&](std::uint64_t seed) {
    Mixing mixing = Mixing::of(seed);
    mixing.record = true;
    Mixed first;
    std::string what = mixing.run(first);
    if (what.empty()) what = judge(mixing, first);
    return Finding{what, [mixing] { return mixing.describe(); }};
  });
}

bool leaves_the_recording(const std::string& what) { return what.find("leaves the recording") != std::string::npos; }

TEST(ReplayOfShards, GivesTheSameBitsHoweverItIsTimed) {
  std::uint64_t differed = 0, runs = 0;
  for_each_recorded(300, [&](Mixing mixing, const Mixed& first) {
    Mixed otherwise, again;
    mixing.timing_seed += 1'000'000;
    if (!mixing.time_limit_seconds && mixing.run(otherwise).empty()) differed += !first.difference(otherwise).empty();
    ++runs;

    const Recording recording = Recording::from_text(first.recording.to_text(), "recording");
    mixing.replay = &recording;
    std::string what = mixing.run(again);
    if (what.empty()) what = first.difference(again);
    if (what.empty() && again.recording.to_text() != first.recording.to_text()) what = "the recording of the replay";
    return what;
  });
  EXPECT_TRUE(runs < 20 || differed > runs / 4) << "timing alone changes " << differed << " of " << runs << " runs";
}

TEST(ReplayOfShards, OfAnotherProgramEndsWithAnErrorAndNeverHangs) {
  std::uint64_t left = 0, runs = 0;
  for_each_recorded(60, [&](Mixing mixing, const Mixed& first) {
    Mixed again;
    mixing.replay = &first.recording;
    mixing.seed += 500'000;  // what is read and written when
    const std::string what = mixing.run(again);
    ++runs;
    left += leaves_the_recording(what);
    return leaves_the_recording(what) ? "" : what;
  });
  EXPECT_TRUE(runs < 20 || left > runs / 2) << left << " of " << runs << " replays were found out";
}

/// One number of the recording is another, or a line is missing or comes twice.
std::string damaged(const std::string& text, Random& random) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  const std::size_t at = 1 + below(random, lines.size() - 1);
  const std::uint64_t how = below(random, 4);
  if (how == 0) {
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
  } else if (how == 1) {
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), lines[1 + below(random, lines.size() - 1)]);
  } else {
    std::istringstream line(lines[at]);
    std::vector<std::string> words;
    for (std::string word; line >> word;) words.push_back(word);
    std::string& word = words[1 + below(random, words.size() - 1)];
    word = std::to_string(how == 2 ? std::stoull(word) + 1 : below(random, 40));
    lines[at] = fmt::format("{}", fmt::join(words, " "));
  }
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

TEST(ReplayOfShards, OfADamagedRecordingIsRefusedOrEnds) {
  std::uint64_t refused = 0, runs = 0;
  for_each_recorded(150, [&](Mixing mixing, const Mixed& first) -> std::string {
    Random random(mixing.seed);
    ++runs;
    try {
      const Recording recording = Recording::from_text(damaged(first.recording.to_text(), random), "it");
      if (recording.workers() != mixing.workers || recording.shards.size() != mixing.shards) return "";
      Mixed again;
      mixing.replay = &recording;
      const std::string what = mixing.run(again);
      return leaves_the_recording(what) ? "" : what;
    } catch (const InputError&) {
      ++refused;
      return "";
    }
  });
  EXPECT_TRUE(runs < 20 || refused > runs / 10) << refused << " of " << runs << " were refused";
}

}  // namespace
}  // namespace wolfpack::sim
