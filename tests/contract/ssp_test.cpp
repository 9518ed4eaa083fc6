// The rules of stale-synchronous iterations, as invariants of real runs over every transport: threads of one process,
// each with a transport of its own. What a body sees is checked against what everybody has really done.
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "ps/value.hpp"
#include "runtime/job.hpp"
#include "runtime/threads_launcher.hpp"
#include "tests/support/jobs.hpp"

namespace wolfpack::runtime {
namespace {

using testing::add_one_to;
using testing::kKey;
using testing::numbers_of;
using testing::result_of;
using testing::straggle;

constexpr std::size_t kMostWorkers = 8;
/// Watches a run in which worker i adds 1 to entry i in each of its iterations, and counts what breaks the rules of
/// `staleness`.
class RuleWatcher {
 public:
  explicit RuleWatcher(Staleness staleness) : policy_(staleness) {}

  void iterate(Iteration& it, std::size_t workers, std::mt19937& random) {
    const std::size_t self = it.worker().value;
    const std::uint64_t clock = it.clock().value;
    starts_out_of_turn += clock != finished_[self];
    std::uint64_t slowest = clock;
    for (std::size_t j = 0; j < workers; ++j) slowest = std::min(slowest, finished_[j].load());
    leads += policy_.next({clock}, {slowest}) != SspPolicy::Decision::start;

    straggle(random);
    const std::vector<double> row = numbers_of(it.get(kKey).payload);
    const auto required = static_cast<double>(policy_.required_by_reads({clock}).value);
    for (std::size_t j = 0; j < workers; ++j) {
      if (j == self)
        wrong_own_reads += row[j] != static_cast<double>(clock);
      else
        stale_reads += row[j] < required;
      reads_from_the_future += row[j] > static_cast<double>(finished_[j].load()) + (j == self ? 1 : 0);
      fallen_reads += row[j] < seen_[self][j];
      seen_[self][j] = row[j];
    }
    it.update(kKey, add_one_to(self));
    wrong_own_reads += random() % 4 == 0 && numbers_of(it.get(kKey).payload)[self] != static_cast<double>(clock + 1);
    straggle(random);
    ++finished_[self];  // before its tick, so that nobody can rightly see less than this
  }

  [[nodiscard]] std::uint64_t violations() const {
    return starts_out_of_turn + leads + stale_reads + wrong_own_reads + reads_from_the_future + fallen_reads;
  }
  [[nodiscard]] std::string describe() const {
    return ::testing::PrintToString(std::array<std::uint64_t, 6>{starts_out_of_turn, leads, stale_reads,
                                                                 wrong_own_reads, reads_from_the_future, fallen_reads});
  }

  std::atomic<std::uint64_t> starts_out_of_turn = 0, leads = 0, stale_reads = 0, wrong_own_reads = 0,
                             reads_from_the_future = 0, fallen_reads = 0;

 private:
  SspPolicy policy_;
  std::array<std::atomic<std::uint64_t>, kMostWorkers> finished_{};
  std::array<std::array<double, kMostWorkers>, kMostWorkers> seen_{};  // by reader, its thread's
};

class SspContract : public testing::JobTest {
 protected:
  /// A watched run; the row's entries at the end.
  std::vector<double> run_watched(RuleWatcher& watcher, std::size_t workers, const IterateOptions& options) const {
    std::vector<double> result;
    run(workers, {.rows = {ps::add_row(std::vector<double>(workers))}}, [&](Job& job) {
      std::mt19937 random(job.worker().value * 31 + static_cast<unsigned>(workers));
      const auto ended = job.iterate(options, [&](Iteration& it) { watcher.iterate(it, workers, random); });
      EXPECT_EQ(ended.stop.reason, ps::StopReason::iterations_done);
      EXPECT_EQ(ended.clock, Clock{*options.iterations});
      if (job.hosts_shard()) result = result_of(job);
    });
    return result;
  }
};

TEST_P(SspContract, BothRulesHoldWhateverTheStalenessAndTheStragglers) {
  const std::uint64_t iterations = 240 / testing::stress_divisor();
  const std::vector<std::size_t> jobs =  // eight workers on an emulated processor take minutes
      testing::slowness() > 1.0 ? std::vector<std::size_t>{1, 2, 4} : std::vector<std::size_t>{1, 2, 3, 4, 8};
  for (const std::size_t workers : jobs)
    for (const Staleness staleness : {kBulkSynchronous, Staleness{1}, Staleness{3}, kAsynchronous}) {
      SCOPED_TRACE(::testing::Message() << workers << " workers, staleness " << staleness.value);
      RuleWatcher watcher(staleness);
      const auto result =
          run_watched(watcher, workers, {.iterations = iterations / workers + 10, .staleness = staleness});
      EXPECT_EQ(watcher.violations(), 0u) << watcher.describe();
      EXPECT_EQ(result, std::vector<double>(workers, static_cast<double>(iterations / workers + 10)))
          << "every update, each once";
    }
}

TEST_P(SspContract, TheWatcherSeesARunThatIsStalerThanItClaims) {
  RuleWatcher claims_two(Staleness{2});
  (void)run_watched(claims_two, 3,
                    {.iterations = 100, .staleness = {3}, .straggler = StragglerSpec{.worker = WorkerId{2}}});
  EXPECT_GT(claims_two.leads, 0u);
  RuleWatcher claims_bulk(kBulkSynchronous);
  (void)run_watched(claims_bulk, 3, {.iterations = 100, .staleness = {1}});
  EXPECT_GT(claims_bulk.leads, 0u);
  EXPECT_GT(claims_bulk.stale_reads, 0u);
}

TEST_P(SspContract, PatienceBeforeAFoldBreaksNoRule) {
  RuleWatcher watcher(Staleness{2});
  const auto result = run_watched(watcher, 3, {.iterations = 60, .staleness = {2}, .fold_patience = 0.2});
  EXPECT_EQ(watcher.violations(), 0u) << watcher.describe();
  EXPECT_EQ(result, std::vector<double>(3, 60.0));
}

/// A computation in floating point whose result depends on the order of all additions and on every value read.
std::vector<double> chaotic_sums(Job& job, Staleness staleness, unsigned seed) {
  std::mt19937 pauses(seed * 97 + job.worker().value);
  (void)job.iterate({.iterations = 40, .staleness = staleness}, [&](Iteration& it) {
    const auto x = numbers_of(it.get(kKey).payload);
    straggle(pauses);
    std::vector<double> change(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      change[i] =
          std::sin(x[i] * 3.7 + static_cast<double>(it.worker().value) + 0.1 * static_cast<double>(it.clock().value)) /
          3.0;
    it.update(kKey, ps::encode_dense(change));
  });
  return job.hosts_shard() ? result_of(job) : std::vector<double>{};
}

TEST_P(SspContract, BulkSynchronousRunsGiveTheSameBitsEveryTime) {
  std::vector<std::vector<double>> results(4);
  for (unsigned seed = 0; seed < results.size(); ++seed)
    run(4, {.rows = {ps::add_row({0.1, 0.2, 0.3, 0.4, 0.5})}}, [&](Job& job) {
      const auto result = chaotic_sums(job, kBulkSynchronous, seed);
      if (job.worker().value == 0) results[seed] = result;
    });
  for (const auto& result : results)
    EXPECT_EQ(std::memcmp(result.data(), results[0].data(), result.size() * sizeof(double)), 0)
        << ::testing::PrintToString(result) << " " << ::testing::PrintToString(results[0]);
}

TEST_P(SspContract, RowsOfTwoShardsAddUpEach) {
  for (const Staleness staleness : {kBulkSynchronous, Staleness{2}}) {
    std::array<std::vector<double>, 3> results;
    run(3, {.rows = {ps::add_row({0}), ps::add_row({0}), ps::add_row({0})}, .shards = 2}, [&](Job& job) {
      std::mt19937 random(job.worker().value);
      (void)job.iterate({.iterations = 60, .staleness = staleness}, [&](Iteration& it) {
        for (std::uint32_t k = 0; k < 3; ++k) {
          const double value = numbers_of(it.get({k}).payload)[0];
          // All three workers' required updates and the own ones; row k gets k + 1 a clock from each.
          const auto required = static_cast<double>(
              (k + 1) * (2 * SspPolicy(staleness).required_by_reads(it.clock()).value + it.clock().value));
          EXPECT_GE(value, required) << "row " << k << " at clock " << it.clock().value;
        }
        straggle(random);
        for (std::uint32_t k = 0; k < 3; ++k) it.update({k}, ps::encode_dense(std::vector{1.0 + k}));
      });
      for (std::uint32_t k = 0; k < 3; ++k)
        if (job.worker().value == k % 2) results[k] = result_of(job, {k});
    });
    for (std::uint32_t k = 0; k < 3; ++k) EXPECT_EQ(results[k], std::vector<double>{60.0 * 3 * (k + 1)}) << "row " << k;
  }
}

TEST_P(SspContract, AWaitForSomethingNewerEndsWhenThisWorkerHoldsTheOthersBack) {
  // Nobody changes the row: under the lead rule each worker soon waits for the other, unless it gives way.
  run(2, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    std::uint64_t empty = 0;
    Version seen;
    const auto ended =
        job.iterate({.iterations = 30, .staleness = {2}, .time_limit_seconds = 10.0}, [&](Iteration& it) {
          if (job.worker().value == 0) return;
          if (const auto row = it.get_newer(kKey, seen))
            seen = row->version;
          else
            ++empty;
        });
    EXPECT_EQ(ended.stop.reason, ps::StopReason::iterations_done);
    if (job.worker().value == 1) {
      EXPECT_EQ(empty, 29u) << "the first version is news, nothing after it";
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Backends, SspContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::runtime
