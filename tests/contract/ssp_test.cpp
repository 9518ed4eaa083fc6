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
#include "tests/support/backends.hpp"

namespace wolfpack::runtime {
namespace {

constexpr std::size_t kMostWorkers = 8;
constexpr ps::Key kKey{0};

Bytes add_one_to(std::size_t index) {
  return ps::encode_sparse(std::vector{static_cast<Index>(index)}, std::vector{1.0});
}

std::vector<double> numbers_of(std::span<const std::byte> payload) {
  const auto view = ps::as_doubles(payload);
  return {view.begin(), view.end()};
}

/// What the host of a row holds at the end.
std::vector<double> result_of(Job& job, ps::Key key = kKey) {
  Bytes row;
  job.policy(key).write_row(row);
  return numbers_of(row);
}

/// How much later a random straggler is: mostly nothing, now and then a pause that throws everybody out of step.
void straggle(std::mt19937& random) {
  if (random() % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 1500));
}

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

class SspContract : public testing::BackendTest {
 protected:
  /// Calls `main` in every worker with its job.
  void run(std::size_t workers, const JobOptions& options, const std::function<void(Job&)>& main) const {
    run_threads(workers, [&](transport::Bootstrap& bootstrap) {
      const auto transport = GetParam().make();
      Job job(bootstrap, *transport, options);
      main(job);
      job.close();
    });
  }

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
  const std::uint64_t iterations = 240 / testing::kStressDivisor;
  for (const std::size_t workers : {1u, 2u, 3u, 8u})
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

TEST_P(SspContract, AJobIteratesAgainFromNewRows) {
  run(3, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    for (const std::uint64_t iterations : {20u, 5u, 12u}) {
      for (const Staleness staleness : {Staleness{2}, kBulkSynchronous}) {
        std::uint64_t calls = 0;
        double first_read = -1.0;
        const auto ended = job.iterate({.iterations = iterations, .staleness = staleness}, [&](Iteration& it) {
          const double value = numbers_of(it.get(kKey).payload)[0];
          if (it.clock().value == 0 && staleness.is_bulk_synchronous()) first_read = value;
          EXPECT_EQ(it.clock().value, calls++);
          it.update(kKey, add_one_to(0));
        });
        EXPECT_EQ(ended.clock, Clock{iterations});
        EXPECT_EQ(calls, iterations);
        if (staleness.is_bulk_synchronous()) {
          EXPECT_EQ(first_read, 0.0) << "left over from the last time";
        }
        if (job.hosts_shard()) {
          EXPECT_EQ(result_of(job), std::vector<double>{static_cast<double>(3 * iterations)});
        }
      }
    }
  });
}

TEST_P(SspContract, NoIterationsEndAtOnce) {
  run(2, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    const auto ended =
        job.iterate({.iterations = 0, .staleness = {1}, .time_limit_seconds = 3.0}, [](Iteration&) { ADD_FAILURE(); });
    EXPECT_EQ(ended.stop.reason, ps::StopReason::iterations_done);
    EXPECT_EQ(ended.clock, Clock{0});
  });
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

TEST_P(SspContract, ATimeLimitStopsEverybodyAlike) {
  const double start = monotonic_seconds();
  run(3, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    const auto ended = job.iterate({.staleness = {2}, .time_limit_seconds = 0.2}, [](Iteration& it) {
      (void)it.get(kKey);
      it.update(kKey, add_one_to(0));
    });
    EXPECT_EQ(ended.stop.reason, ps::StopReason::time_limit);
    EXPECT_GT(ended.clock, Clock{0});
    if (job.hosts_shard()) {
      EXPECT_NEAR(ended.seconds, 0.2, 0.5);
    }
  });
  EXPECT_LT(monotonic_seconds() - start, 5.0);
}

TEST_P(SspContract, ATimeLimitCutsAStragglersSleepShort) {
  const double start = monotonic_seconds();
  run(2, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    const StragglerSpec slow{.worker = WorkerId{1}, .slowdown = 10'000.0, .duration_seconds = 0.0};
    const auto ended = job.iterate({.staleness = {2}, .straggler = slow, .time_limit_seconds = 0.2}, [](Iteration& it) {
      it.compute([] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); });  // 50 s with its delay
    });
    EXPECT_EQ(ended.stop.reason, ps::StopReason::time_limit);
  });
  EXPECT_LT(monotonic_seconds() - start, 5.0);
}

/// A policy that stops the job, or throws, after some merges.
class EndingPolicy final : public ps::MergePolicy {
 public:
  EndingPolicy(std::uint64_t merges, bool throws) : left_(merges), throws_(throws) {}
  void merge(WorkerId, Clock, std::span<const std::byte>) override {
    if (left_ > 0) --left_;
    if (left_ == 0 && throws_) throw RuntimeFailure("the policy has had enough");
  }
  ps::Settlement settle(const ps::SettleContext&) override {
    ps::Settlement settled{.changed = true, .stop = {}};
    if (left_ == 0) settled.stop = ps::StopReason::converged;
    return settled;
  }
  void write_row(Bytes& row) const override { ByteWriter(row).value(left_); }

 private:
  std::uint64_t left_;
  bool throws_;
};

ps::RowSpec ending_row(std::uint64_t merges, bool throws) {
  return {.capacity = {.row_bytes = 8, .update_bytes = 8},
          .own_updates = ps::OwnUpdates::application,
          .make_policy = [=] { return std::make_unique<EndingPolicy>(merges, throws); }};
}

TEST_P(SspContract, AnyShardsPolicyStopsTheWholeJob) {
  for (const std::uint32_t stopping : {0u, 1u}) {
    std::vector<ps::RowSpec> rows{ending_row(1'000'000'000, false), ending_row(1'000'000'000, false)};
    rows[stopping] = ending_row(20, false);
    const double start = monotonic_seconds();
    run(3, {.rows = rows, .shards = 2}, [&](Job& job) {
      const auto ended = job.iterate({.staleness = {2}, .time_limit_seconds = 10.0}, [&](Iteration& it) {
        for (const std::uint32_t k : {0u, 1u}) it.update({k}, Bytes(8));
      });
      EXPECT_EQ(ended.stop.reason, ps::StopReason::converged) << "stopped by shard " << stopping;
    });
    EXPECT_LT(monotonic_seconds() - start, 5.0);
  }
}

/// What run() throws; empty where it throws nothing.
std::string failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

TEST_P(SspContract, APolicyThatThrowsEndsTheJobEverywhereWithItsMessage) {
  const double start = monotonic_seconds();
  std::atomic<int> ended_well = 0;
  const std::string failure = failure_of([&] {
    run(3, {.rows = {ending_row(20, true)}}, [&](Job& job) {
      (void)job.iterate({.staleness = {2}}, [](Iteration& it) { it.update(kKey, Bytes(8)); });
      ++ended_well;
    });
  });
  EXPECT_EQ(failure, "the policy has had enough");
  EXPECT_EQ(ended_well, 0);
  EXPECT_LT(monotonic_seconds() - start, 8.0);
}

TEST_P(SspContract, ABodyThatThrowsEndsTheJobEverywhereWithItsMessage) {
  for (const std::uint32_t thrower : {0u, 1u, 2u}) {
    const double start = monotonic_seconds();
    std::atomic<int> ended_well = 0;
    const std::string failure = failure_of([&] {
      run(3, {.rows = {ps::add_row({0})}}, [&](Job& job) {
        (void)job.iterate({.staleness = {1}}, [&](Iteration& it) {
          (void)it.get(kKey);
          if (it.worker().value == thrower && it.clock().value == 10)
            throw std::logic_error("the body of one worker is wrong");
          it.update(kKey, add_one_to(0));
        });
        ++ended_well;
      });
    });
    EXPECT_EQ(failure, "the body of one worker is wrong") << "thrown by worker " << thrower;
    EXPECT_EQ(ended_well, 0);
    EXPECT_LT(monotonic_seconds() - start, 8.0);
  }
}

TEST_P(SspContract, OptionsThatDifferAreRefused) {
  const std::string failure = failure_of([&] {
    run_threads(2, [&](transport::Bootstrap& bootstrap) {
      const auto transport = GetParam().make();
      Job job(bootstrap, *transport, {.rows = {ps::add_row(std::vector<double>(bootstrap.rank().value + 1))}});
    });
  });
  EXPECT_NE(failure.find("differently"), std::string::npos) << failure;
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

void expect_sane(const Trace& trace, WorkerId worker, Staleness staleness, std::uint64_t iterations) {
  ASSERT_EQ(trace.size(), iterations);
  double last_end = 0.0;
  Version last_version;
  for (std::size_t c = 0; c < trace.size(); ++c) {
    const TraceRow& row = trace[c];
    EXPECT_EQ(row.worker, worker);
    EXPECT_EQ(row.clock, Clock{c});
    EXPECT_GE(row.start, last_end);
    EXPECT_LE(row.start, row.end);
    for (const double part : {row.wait, row.get, row.compute, row.straggle, row.update}) EXPECT_GE(part, 0.0);
    EXPECT_LE(row.wait + row.get + row.compute + row.straggle + row.update, row.end - row.start + 1e-6);
    EXPECT_GE(row.compute, 0.0005);
    EXPECT_LE(row.staleness, staleness.value);
    EXPECT_GE(row.version, last_version);
    EXPECT_GT(row.version, Version{0});
    last_end = row.end;
    last_version = row.version;
  }
}

TEST_P(SspContract, TheTraceAddsUp) {
  for (const Staleness staleness : {kBulkSynchronous, Staleness{2}}) {
    const double start = monotonic_seconds();
    run(3, {.rows = {ps::add_row({0})}}, [&](Job& job) {
      const StragglerSpec slow{.worker = WorkerId{1}, .slowdown = 4.0, .duration_seconds = 0.0};
      const auto ended = job.iterate({.iterations = 25, .staleness = staleness, .straggler = slow}, [&](Iteration& it) {
        (void)it.get(kKey);
        const double result = it.compute([] {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
          return 7.0;
        });
        EXPECT_EQ(result, 7.0);
        it.update(kKey, add_one_to(0));
        it.note(0.5, 0.25, 99);
      });
      expect_sane(ended.trace, job.worker(), staleness, 25);
      for (const TraceRow& row : ended.trace) {
        EXPECT_EQ(row.gap, 0.5);
        EXPECT_EQ(row.objective, 0.25);
        EXPECT_EQ(row.work, 99u);
        if (job.worker().value != 1) {
          EXPECT_EQ(row.straggle, 0.0);
        } else {
          EXPECT_GE(row.straggle, 2.9 * row.compute);
        }
      }
      EXPECT_LT(ended.trace.back().end, monotonic_seconds() - start + 1.0);
    });
  }
}

TEST_P(SspContract, TheRecordSaysWhatCarriesTheJob) {
  run(2, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    EXPECT_TRUE(job.transport_record().native);
    EXPECT_FALSE(job.transport_record().lanes.empty());
    EXPECT_EQ(job.transport_record().name, GetParam().is_instrumented ? "threads" : "shm");
    EXPECT_EQ(job.workers(), 2u);
    EXPECT_EQ(job.hosts_shard(), job.worker().value == 0);
  });
}

INSTANTIATE_TEST_SUITE_P(Backends, SspContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::runtime
