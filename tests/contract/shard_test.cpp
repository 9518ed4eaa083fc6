// What ps/shard.hpp promises, over every transport, on one thread.
#include "ps/shard.hpp"

#include <random>

#include <gtest/gtest.h>

#include "tests/support/hand_driven_server.hpp"

namespace wolfpack::ps {
namespace {

using testing::HandDrivenServer;
using testing::logged_row;
using testing::MergeLog;
using testing::number_update;
using Entry = MergeLog::Entry;

class ShardContract : public testing::BackendTest {
 protected:
  void build(const HandDrivenServer::Options& options, std::uint64_t update_bytes = 8) {
    server_ = std::make_unique<HandDrivenServer>(GetParam(), std::vector{logged_row(log_, update_bytes)}, options);
  }
  void update(std::size_t worker, std::uint64_t clock, std::uint64_t value, std::size_t size = 8) {
    ASSERT_TRUE(server_->client(worker).update(kKey, {clock}, number_update(value, size)).ok());
  }
  void tick(std::size_t worker, std::uint64_t clock) { ASSERT_TRUE(server_->client(worker).tick({clock}).ok()); }

  static constexpr Key kKey{0};
  std::shared_ptr<MergeLog> log_ = std::make_shared<MergeLog>();
  std::unique_ptr<HandDrivenServer> server_;
};

TEST_P(ShardContract, RowsAreVersionOneAndAnnouncedByTheFirstStep) {
  build({.workers = 2});
  EXPECT_EQ(server_->shard().version(kKey), Version{1});
  EXPECT_EQ(server_->client(1).newest(kKey), Version{0});
  server_->settle();
  EXPECT_EQ(server_->client(0).newest(kKey), Version{1});
  EXPECT_EQ(server_->client(1).newest(kKey), Version{1});
  EXPECT_FALSE(server_->shard().step()) << "there is nothing to do";
}

TEST_P(ShardContract, FoldsWhatWaitsWithoutTheOthers) {
  build({.workers = 2});
  server_->settle();
  for (std::uint64_t clock = 0; clock < 3; ++clock) {
    update(1, clock, 10 + clock);
    tick(1, clock);
  }
  server_->settle();
  EXPECT_EQ(log_->merges, (std::vector<Entry>{{{1}, {0}, 10}, {{1}, {1}, 11}, {{1}, {2}, 12}}));
  EXPECT_EQ(log_->settles, std::vector<Version>{{2}}) << "one publication for all that waited";
  EXPECT_EQ(server_->shard().folded({1}), Clock{3});
  EXPECT_EQ(server_->shard().folded({0}), Clock{0});
  EXPECT_EQ(server_->shard().floor(), Clock{0});
  EXPECT_EQ(server_->client(0).newest(kKey), Version{2});
}

TEST_P(ShardContract, RecordsOfAnUnfinishedClockAreNotFolded) {
  build({.workers = 1}, 900);
  server_->settle();
  for (std::uint64_t i = 0; i < 3; ++i) update(0, 0, i, 900);  // more than a quarter of the lane: visible to the owner
  server_->settle();
  EXPECT_TRUE(log_->merges.empty());
  EXPECT_EQ(server_->shard().version(kKey), Version{1});
  tick(0, 0);
  server_->settle();
  EXPECT_EQ(log_->merges.size(), 3u);
  EXPECT_EQ(server_->shard().folded({0}), Clock{1});
}

TEST_P(ShardContract, AnEmptyClockCountsToo) {
  build({.workers = 1});
  tick(0, 0);
  server_->settle();
  EXPECT_TRUE(log_->merges.empty());
  EXPECT_EQ(server_->shard().folded({0}), Clock{1});
}

TEST_P(ShardContract, BulkSynchronousWaitsForEverybodysClock) {
  build({.workers = 3, .bulk_synchronous = true});
  server_->settle();
  for (const std::size_t worker : {2u, 0u}) {
    update(worker, 0, worker);
    tick(worker, 0);
    server_->settle();
    EXPECT_TRUE(log_->merges.empty());
    EXPECT_TRUE(log_->settles.empty());
  }
  update(1, 0, 1);
  server_->settle();
  EXPECT_TRUE(log_->merges.empty());
  tick(1, 0);
  server_->settle();
  EXPECT_EQ(log_->merges, (std::vector<Entry>{{{0}, {0}, 0}, {{1}, {0}, 1}, {{2}, {0}, 2}}));
  EXPECT_EQ(server_->shard().version(kKey), Version{2});
}

TEST_P(ShardContract, BulkSynchronousFoldsClockByClockInWorkerOrderAndPublishesEach) {
  build({.workers = 2, .bulk_synchronous = true});
  for (std::uint64_t clock = 0; clock < 4; ++clock)  // worker 1 is ahead by all its clocks
    for (std::uint64_t i = 0; i < 2; ++i) {
      update(1, clock, 100 * clock + 10 + i);
      if (i == 1) tick(1, clock);
    }
  server_->settle();
  std::vector<Entry> expected;
  for (std::uint64_t clock = 0; clock < 4; ++clock) {
    update(0, clock, 100 * clock);
    tick(0, clock);
    expected.insert(expected.end(),
                    {{{0}, {clock}, 100 * clock}, {{1}, {clock}, 100 * clock + 10}, {{1}, {clock}, 100 * clock + 11}});
  }
  server_->settle();
  EXPECT_EQ(log_->merges, expected);
  EXPECT_EQ(log_->settles, (std::vector<Version>{{2}, {3}, {4}, {5}}));
  EXPECT_EQ(log_->merges_at_settle, (std::vector<std::size_t>{3, 6, 9, 12}));
}

TEST_P(ShardContract, BulkSynchronousPublishesAClockThatChangedNothing) {
  build({.workers = 2, .bulk_synchronous = true});
  log_->changed = false;
  for (const std::size_t worker : {0u, 1u}) tick(worker, 0);
  server_->settle();
  EXPECT_EQ(server_->shard().version(kKey), Version{2});
  EXPECT_EQ(log_->writes, 2u);
  EXPECT_EQ(log_->publishes_unchanged, std::vector<bool>{true});
}

TEST_P(ShardContract, OtherwiseAFoldThatChangedNothingIsNotPublishedButItsFloorIs) {
  build({.workers = 2});
  server_->settle();
  log_->changed = false;
  for (const std::size_t worker : {0u, 1u}) tick(worker, 0);
  server_->settle();
  EXPECT_EQ(server_->shard().version(kKey), Version{1});
  EXPECT_EQ(log_->publishes_unchanged.front(), false);
  Row row;
  ASSERT_TRUE(server_->client(0).get(kKey, {1}, row).ok()) << "the row holds all of clock 0, though it is the old one";
  EXPECT_EQ(row.version, Version{1});
  EXPECT_GE(row.floor, Clock{1});
}

TEST_P(ShardContract, EveryUpdateIsMergedOnceInItsWritersOrderHoweverTheStepsFall) {
  constexpr std::uint64_t kWorkers = 3, kClocks = 300;
  for (const bool bulk : {false, true}) {
    log_ = std::make_shared<MergeLog>();
    build({.workers = kWorkers, .bulk_synchronous = bulk}, 700);
    server_->on_wait = [&]() -> Status {
      (void)server_->shard().step();
      return {};
    };
    std::mt19937 random(bulk);
    std::vector<std::vector<Entry>> sent(kWorkers);
    std::vector<std::uint64_t> clocks(kWorkers, 0);
    const auto all_done = [&] {
      return std::all_of(clocks.begin(), clocks.end(), [](auto c) { return c == kClocks; });
    };
    while (!all_done()) {
      const std::size_t worker = random() % kWorkers;
      if (clocks[worker] == kClocks) continue;
      for (auto updates = random() % 4; updates > 0; --updates) {
        const std::uint64_t value = sent[worker].size();
        update(worker, clocks[worker], value, 8 + random() % 690);
        sent[worker].push_back({{static_cast<std::uint32_t>(worker)}, {clocks[worker]}, value});
      }
      tick(worker, clocks[worker]++);
      if (random() % 3 == 0) server_->shard().step();
    }
    server_->settle();
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
      std::vector<Entry> merged;
      for (const Entry& entry : log_->merges)
        if (entry.writer.value == worker) merged.push_back(entry);
      EXPECT_EQ(merged, sent[worker]) << "worker " << worker;
      EXPECT_EQ(server_->shard().folded({worker}), Clock{kClocks});
    }
    if (bulk) {
      EXPECT_EQ(server_->shard().version(kKey), Version{kClocks + 1});
      EXPECT_TRUE(std::is_sorted(log_->merges.begin(), log_->merges.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.clock, a.writer) < std::pair(b.clock, b.writer);
      }));
    }
  }
}

TEST_P(ShardContract, StopsAfterTheLastClockOfTheSlowest) {
  build({.workers = 2, .last_clock = Clock{2}});
  for (const std::uint64_t clock : {0u, 1u}) update(0, clock, clock), tick(0, clock);
  tick(1, 0);
  server_->settle();
  EXPECT_EQ(server_->shard().stop().reason, StopReason::running);
  update(1, 1, 9);
  tick(1, 1);
  server_->settle();
  for (const std::size_t worker : {0u, 1u}) {
    const StopWord stop = server_->client(worker).stop();
    EXPECT_EQ(stop.reason, StopReason::iterations_done);
    EXPECT_EQ(stop.version, server_->shard().version(kKey)) << "the result is the row with everything in it";
  }
  EXPECT_TRUE(server_->shard().stop_is_known_everywhere());
  EXPECT_EQ(log_->merges.size(), 3u);
}

TEST_P(ShardContract, ALastClockOfZeroIsReachedAtOnce) {
  build({.workers = 2, .last_clock = Clock{0}});
  server_->settle();
  EXPECT_EQ(server_->client(1).stop().reason, StopReason::iterations_done);
}

TEST_P(ShardContract, APolicysStopReachesAllWithTheVersionItWasDecidedAt) {
  build({.workers = 3});
  log_->stop = StopReason::converged;
  tick(2, 0);
  server_->settle();
  for (const std::size_t worker : {0u, 1u, 2u}) {
    EXPECT_EQ(server_->client(worker).stop().reason, StopReason::converged);
    EXPECT_EQ(server_->client(worker).stop().version, Version{2});
  }
}

TEST_P(ShardContract, TheFirstReasonStaysAndNothingIsPublishedAfterIt) {
  build({.workers = 1});
  server_->settle();
  server_->shard().request_stop(StopReason::time_limit);
  server_->shard().request_stop(StopReason::interrupted);
  log_->stop = StopReason::converged;
  update(0, 0, 1);
  tick(0, 0);
  server_->settle();
  EXPECT_EQ(server_->client(0).stop().reason, StopReason::time_limit);
  EXPECT_EQ(server_->shard().version(kKey), Version{1});
  EXPECT_TRUE(log_->merges.empty());
}

TEST_P(ShardContract, AStopIsNotKnownBeforeItIsPushed) {
  build({.workers = 2});
  server_->settle();
  server_->shard().request_stop(StopReason::interrupted);
  EXPECT_FALSE(server_->shard().stop_is_known_everywhere());
  server_->settle();
  EXPECT_TRUE(server_->shard().stop_is_known_everywhere());
}

TEST_P(ShardContract, AClockThatIsLeftOutIsAnError) {
  build({.workers = 1});
  tick(0, 1);
  EXPECT_THROW(server_->settle(), RuntimeFailure);
}

TEST_P(ShardContract, ARecordOfAnotherClockInsideOneIsAnError) {
  build({.workers = 1});
  update(0, 0, 1);
  tick(0, 1);
  EXPECT_THROW(server_->settle(), RuntimeFailure);
}

TEST_P(ShardContract, KeysOfTwoShardsAreFoldedEachByItsOwn) {
  std::vector<std::shared_ptr<MergeLog>> logs;
  std::vector<RowSpec> rows;
  for (int k = 0; k < 5; ++k) rows.push_back(logged_row(logs.emplace_back(std::make_shared<MergeLog>())));
  HandDrivenServer server(GetParam(), rows, {.workers = 2, .shards = 2});
  for (std::uint64_t clock = 0; clock < 3; ++clock)
    for (const std::uint32_t worker : {0u, 1u}) {
      for (std::uint32_t k = 0; k < 5; ++k)
        ASSERT_TRUE(server.client(worker).update({k}, {clock}, number_update(100 * worker + 10 * clock + k)).ok());
      ASSERT_TRUE(server.client(worker).tick({clock}).ok());
      server.settle();
    }
  for (std::uint32_t k = 0; k < 5; ++k) {
    ASSERT_EQ(logs[k]->merges.size(), 6u) << "key " << k;
    for (const Entry& entry : logs[k]->merges)
      EXPECT_EQ(entry.value, 100 * entry.writer.value + 10 * entry.clock.value + k);
    EXPECT_EQ(server.shard(k % 2).version({k}), Version{7});
    EXPECT_EQ(server.shard(1 - k % 2).version({k}), Version{0}) << "not this shard's";
    EXPECT_EQ(server.client(1).newest({k}), Version{7});
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, ShardContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::ps
