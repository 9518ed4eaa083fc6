// What a job promises where it coordinates and does little else, over every transport: jobs without rows, workers that
// step their process's shard while they wait, iterations that leave no trace.
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "base/cores.hpp"
#include "base/time.hpp"
#include "tests/support/few_cores.hpp"
#include "tests/support/jobs.hpp"

namespace wolfpack::runtime {
namespace {

using testing::add_one_to;
using testing::kKey;
using testing::result_of;

class Coordination : public testing::JobTest {};

TEST_P(Coordination, AJobWithoutRowsKeepsTheLeadRuleAndEndsWhenAllAreDone) {
  constexpr std::uint64_t kWorkers = 3, kIterations = 40;
  for (const std::uint64_t shards : {1u, 2u}) {
    for (const std::uint64_t staleness : {0u, 2u}) {
      std::vector<std::atomic<std::uint64_t>> finished(kWorkers);
      run(kWorkers, {.rows = {}, .shards = shards}, [&](Job& job) {
        std::mt19937 random(job.worker().value);
        const auto ended = job.iterate({.iterations = kIterations, .staleness = {staleness}}, [&](Iteration& it) {
          for (const auto& other : finished) EXPECT_LE(it.clock().value, other + staleness);
          testing::straggle(random);
          ++finished[job.worker().value];
        });
        EXPECT_EQ(ended.stop.reason, ps::StopReason::iterations_done);
        EXPECT_EQ(ended.clock, Clock{kIterations});
        for (const auto& other : finished) EXPECT_EQ(other, kIterations) << "stopped before all were done";
      });
    }
  }
}

TEST_P(Coordination, AShardWithoutRowsBesideOneWithARowHoldsNobodyBack) {
  run(2, {.rows = {ps::add_row({0})}, .shards = 2}, [&](Job& job) {
    for (const Staleness staleness : {kBulkSynchronous, Staleness{2}}) {
      const auto ended = job.iterate({.iterations = 20, .staleness = staleness},
                                     [](Iteration& it) { it.update(kKey, add_one_to(0)); });
      EXPECT_EQ(ended.stop.reason, ps::StopReason::iterations_done);
      if (job.worker().value == 0) {
        EXPECT_EQ(result_of(job), std::vector<double>{40.0});
      }
    }
  });
}

TEST_P(Coordination, ATimeLimitStopsAJobWithoutRows) {
  run(2, {.rows = {}}, [&](Job& job) {
    const auto ended = job.iterate({.staleness = {1}, .time_limit_seconds = 0.1, .trace = false}, [](Iteration&) {});
    EXPECT_EQ(ended.stop.reason, ps::StopReason::time_limit);
    EXPECT_GT(ended.clock, Clock{0});
  });
}

/// Which threads have called a policy.
struct Callers {
  std::mutex mutex;
  std::set<std::thread::id> threads;
};

class NotingPolicy final : public ps::MergePolicy {
 public:
  explicit NotingPolicy(Callers& callers) : callers_(callers) {}
  void merge(WorkerId, Clock, std::span<const std::byte>) override {
    const std::lock_guard lock(callers_.mutex);
    callers_.threads.insert(std::this_thread::get_id());
  }
  void write_row(Bytes& row) const override { ByteWriter(row).value(std::uint64_t{0}); }

 private:
  Callers& callers_;
};

ps::RowSpec noting_row(Callers& callers) {
  return {.capacity = {.row_bytes = 8, .update_bytes = 8},
          .own_updates = ps::OwnUpdates::application,
          .make_policy = [&callers] { return std::make_unique<NotingPolicy>(callers); }};
}

class ShardSteps : public testing::JobTest {
 protected:
  /// Whether worker 0, whom the others let wait, steps its shard.
  bool steps_while_waiting(std::uint32_t workers, Staleness staleness, ShardHelp help) const {
    Callers callers;
    std::atomic<bool> is_caller = false;
    run(workers, {.rows = {noting_row(callers)}, .shard_help = help}, [&](Job& job) {
      job.iterate({.iterations = 50, .staleness = staleness}, [&](Iteration& it) {
        if (job.worker().value != 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        it.update(kKey, Bytes(8));
      });
      if (job.worker().value == 0) is_caller = callers.threads.count(std::this_thread::get_id()) > 0;
    });
    return is_caller;
  }
};

TEST_P(ShardSteps, AWaitingWorkerStepsItsShardOnlyWhereAskedTo) {
  EXPECT_TRUE(steps_while_waiting(2, kBulkSynchronous, ShardHelp::always));
  EXPECT_FALSE(steps_while_waiting(2, kBulkSynchronous, ShardHelp::never));
}

TEST_P(ShardSteps, WhoMayRunAheadStepsItsShardOnlyWhereAskedToWhenCoresAreTooFewForTheWorkers) {
  const testing::FewCores few(2);  // for the workers' threads, which come from this one
  const auto workers = static_cast<std::uint32_t>(available_cores()) + 1;
  EXPECT_TRUE(steps_while_waiting(workers, kBulkSynchronous, ShardHelp::automatic));
  EXPECT_FALSE(steps_while_waiting(workers, {2}, ShardHelp::automatic));
  EXPECT_TRUE(steps_while_waiting(workers, {2}, ShardHelp::where_cores_are_short));
}

TEST_P(ShardSteps, AWorkerThatComputesLeavesItsShardToTheOwnersThread) {
  std::atomic<bool> is_folded = false;
  run(2, {.rows = {ps::add_row({0})}, .shard_help = ShardHelp::always}, [&](Job& job) {
    job.iterate({.iterations = 4, .staleness = {3}}, [&](Iteration& it) {
      const double deadline = monotonic_seconds() + 30.0;
      if (job.worker().value == 0) {
        (void)it.get(kKey);
        while (it.clock().value == 1 && !is_folded && monotonic_seconds() < deadline) std::this_thread::yield();
      } else if (it.clock().value == 1) {  // the first iteration's update is in the lane
        while (it.get(kKey).own_folded < Clock{1} && monotonic_seconds() < deadline) std::this_thread::yield();
        is_folded = it.get(kKey).own_folded >= Clock{1};
        EXPECT_TRUE(is_folded);
      }
      it.update(kKey, add_one_to(0));
    });
  });
}

TEST_P(Coordination, WithoutATraceIterationsAreTheSame) {
  run(2, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    const auto ended =
        job.iterate({.iterations = 20, .staleness = kBulkSynchronous, .trace = false}, [](Iteration& it) {
          EXPECT_EQ(ps::as_doubles(it.get(kKey).payload)[0], static_cast<double>(2 * it.clock().value));
          it.update(kKey, add_one_to(0));
          EXPECT_EQ(it.trace().wait, 0.0);
          EXPECT_EQ(it.trace().get, 0.0);
        });
    EXPECT_TRUE(ended.trace.empty());
    EXPECT_EQ(ended.clock, Clock{20});
  });
}

INSTANTIATE_TEST_SUITE_P(Backends, Coordination, ::testing::ValuesIn(testing::kBackends), testing::backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, ShardSteps, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::runtime
