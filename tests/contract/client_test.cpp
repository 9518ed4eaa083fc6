// What ps/client.hpp promises, over every transport, on one thread: the read rule, own updates, and waits that end.
#include "ps/client.hpp"

#include <functional>
#include <limits>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/hand_driven_server.hpp"

namespace wolfpack::ps {
namespace {

using testing::HandDrivenServer;
using testing::number_update;

constexpr Key kKey{0};

Bytes add_one_to(Index index, double value = 1.0) { return encode_sparse(std::vector{index}, std::vector{value}); }

std::vector<double> numbers(const Row& row) {
  const auto view = as_doubles(row.payload);
  return {view.begin(), view.end()};
}

class ClientContract : public testing::BackendTest {
 protected:
  void build(std::vector<RowSpec> rows, const HandDrivenServer::Options& options) {
    server_ = std::make_unique<HandDrivenServer>(GetParam(), std::move(rows), options);
    server_->settle();
  }
  Client& client(std::size_t worker) { return server_->client(worker); }
  void update(std::size_t worker, std::uint64_t clock, const Bytes& value, Key key = kKey) {
    ASSERT_TRUE(client(worker).update(key, {clock}, value).ok());
  }
  void tick(std::size_t worker, std::uint64_t clock) { ASSERT_TRUE(client(worker).tick({clock}).ok()); }
  std::vector<double> get(std::size_t worker, std::uint64_t required, Key key = kKey) {
    const Status status = client(worker).get(key, {required}, row_);
    EXPECT_TRUE(status.ok()) << status.message();
    return status.ok() ? numbers(row_) : std::vector<double>{};
  }

  std::unique_ptr<HandDrivenServer> server_;
  Row row_;
};

TEST_P(ClientContract, TheInitialRowIsThereAtOnce) {
  build({add_row({3, 4})}, {.workers = 2});
  EXPECT_EQ(get(1, 0), (std::vector<double>{3, 4}));
  EXPECT_EQ(row_.version, Version{1});
  EXPECT_EQ(server_->waits, 0);
}

TEST_P(ClientContract, AGetWaitsUntilTheRequiredClockOfTheOthersIsFolded) {
  build({add_row({0, 0})}, {.workers = 2});
  tick(0, 0);
  server_->settle();
  // Worker 1's update comes only while worker 0 waits for it; its fold a little later.
  server_->on_wait = [&]() -> Status {
    if (server_->waits == 3) update(1, 0, add_one_to(1)), tick(1, 0);
    if (server_->waits == 6) server_->settle();
    return {};
  };
  EXPECT_EQ(get(0, 1), (std::vector<double>{0, 1}));
  EXPECT_GE(server_->waits, 6);
  EXPECT_EQ(row_.floor, Clock{1});
  EXPECT_GE(row_.waited_seconds, 0.0);
}

TEST_P(ClientContract, AClockThatIsNotRequiredIsNotWaitedFor) {
  build({add_row({0, 0})}, {.workers = 2});
  for (const std::uint64_t clock : {0u, 1u, 2u}) update(0, clock, add_one_to(0)), tick(0, clock);
  server_->settle();
  EXPECT_EQ(get(0, 0), (std::vector<double>{3, 0}));
  EXPECT_EQ(server_->waits, 0);
  EXPECT_EQ(row_.waited_seconds, 0.0);
}

TEST_P(ClientContract, TheNewestVersionIsReturnedAndNotOneThatWouldDo) {
  build({add_row({0, 0})}, {.workers = 2});
  for (std::uint64_t clock = 0; clock < 5; ++clock) {
    update(1, clock, add_one_to(1));
    tick(1, clock);
    server_->settle();
    EXPECT_EQ(get(0, 0), (std::vector<double>{0, static_cast<double>(clock + 1)}));
  }
  EXPECT_EQ(row_.version, Version{6});
  EXPECT_EQ(row_.floor, Clock{5});
}

TEST_P(ClientContract, ARowIsReadByOthersOnlyOnceItsClockHasEnded) {
  build({add_row({0})}, {.workers = 2});
  update(1, 0, add_one_to(0));
  server_->settle();
  EXPECT_EQ(get(0, 0), std::vector<double>{0});
  EXPECT_EQ(get(1, 0), std::vector<double>{1}) << "its own writer sees it";
}

TEST_P(ClientContract, OwnUpdatesAreSeenWithoutWaitingForTheirFoldAndNeverTwice) {
  build({add_row({0, 0})}, {.workers = 2});
  for (std::uint64_t clock = 0; clock < 5; ++clock) {
    update(0, clock, add_one_to(0));
    EXPECT_EQ(get(0, 0), (std::vector<double>{static_cast<double>(clock + 1), 0}));
    tick(0, clock);
    EXPECT_EQ(get(0, 0), (std::vector<double>{static_cast<double>(clock + 1), 0}));
    if (clock == 2) server_->settle();
    EXPECT_EQ(get(0, 0), (std::vector<double>{static_cast<double>(clock + 1), 0}));
  }
  EXPECT_EQ(row_.own_folded, Clock{3});
  EXPECT_EQ(server_->waits, 0);
}

/// Until its own better value is folded in, a worker sees it all the same; a worse one never.
TEST_P(ClientContract, AnOwnBetterValueIsSeenBeforeItIsFolded) {
  const auto best_seen_by = [&](std::size_t worker) {
    EXPECT_TRUE(client(worker).get(kKey, {0}, row_).ok());
    return decode_scored(row_.payload).objective;
  };
  build({min_objective_row({}, 0)}, {.workers = 2});
  update(0, 0, encode_scored(2.0, {}));
  EXPECT_EQ(best_seen_by(0), 2.0);
  EXPECT_EQ(best_seen_by(1), std::numeric_limits<double>::infinity());
  tick(0, 0);
  update(1, 0, encode_scored(1.0, {}));
  update(1, 0, encode_scored(1.5, {}));
  EXPECT_EQ(best_seen_by(1), 1.0);
  tick(1, 0);
  EXPECT_EQ(best_seen_by(0), 2.0);
  server_->settle();
  EXPECT_EQ(best_seen_by(0), 1.0);
  update(0, 1, encode_scored(1.25, {}));
  EXPECT_EQ(best_seen_by(0), 1.0);
  EXPECT_EQ(server_->waits, 0);
}

TEST_P(ClientContract, ALoneWorkerNeverWaitsForItself) {
  build({add_row({0})}, {.workers = 1, .bulk_synchronous = true});
  update(0, 0, add_one_to(0));
  tick(0, 0);
  EXPECT_EQ(get(0, 1), std::vector<double>{1});
  EXPECT_EQ(server_->waits, 0);
}

TEST_P(ClientContract, WhereNothingStandsInForOwnUpdatesAReadWaitsForTheirFold) {
  const auto log = std::make_shared<testing::MergeLog>();
  build({testing::logged_row(log, 8, OwnUpdates::wait)}, {.workers = 2});
  server_->on_wait = [&]() -> Status {
    if (server_->waits == 4) server_->settle();
    return {};
  };
  update(0, 0, number_update(1));
  tick(0, 0);
  ASSERT_TRUE(client(0).get(kKey, {0}, row_).ok());
  EXPECT_EQ(ByteReader(row_.payload).value<std::uint64_t>(), 1u);
  EXPECT_EQ(row_.own_folded, Clock{1});
  EXPECT_GE(server_->waits, 4);
}

TEST_P(ClientContract, TheApplicationsOwnRowsAreNotWaitedFor) {
  const auto log = std::make_shared<testing::MergeLog>();
  build({testing::logged_row(log, 8, OwnUpdates::application)}, {.workers = 2});
  update(0, 0, number_update(1));
  tick(0, 0);
  ASSERT_TRUE(client(0).get(kKey, {0}, row_).ok());
  EXPECT_EQ(ByteReader(row_.payload).value<std::uint64_t>(), 0u);
  EXPECT_EQ(row_.own_folded, Clock{0});
  EXPECT_EQ(server_->waits, 0);
}

TEST_P(ClientContract, AnOwnAssignmentShowsWhereItIsTheNewest) {
  build({assign_row(number_update(0), 8)}, {.workers = 2});
  const auto value = [&](std::size_t worker) {
    EXPECT_TRUE(client(worker).get(kKey, {0}, row_).ok());
    ByteReader reader(row_.payload);
    (void)reader.value<AssignStamp>();
    return reader.value<std::uint64_t>();
  };
  update(0, 0, number_update(10));
  EXPECT_EQ(value(0), 10u);
  EXPECT_EQ(value(1), 0u);
  update(1, 0, number_update(20));
  tick(0, 0);
  tick(1, 0);
  EXPECT_EQ(value(0), 10u);
  server_->settle();
  EXPECT_EQ(value(0), 20u) << "of one clock the largest worker's wins";
  EXPECT_EQ(value(1), 20u);
  update(0, 1, number_update(11));
  EXPECT_EQ(value(0), 11u);
}

/// What `call` throws as an InputError.
std::string refusal_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_P(ClientContract, AKeyWithoutARowIsRefused) {
  build({add_row({0}), add_row({0})}, {.workers = 1});
  constexpr Key kNone{2};
  Client& mine = client(0);
  const std::string expected = "there is no row of key 2, only 0 to 1";
  EXPECT_EQ(refusal_of([&] { (void)mine.get(kNone, {0}, row_); }), expected);
  EXPECT_EQ(refusal_of([&] { (void)mine.get_version(kNone, {1}, row_); }), expected);
  EXPECT_EQ(refusal_of([&] { (void)mine.update(kNone, {0}, add_one_to(0)); }), expected);
  EXPECT_EQ(refusal_of([&] { (void)mine.newest(kNone); }), expected);
  EXPECT_EQ(refusal_of([&] { (void)mine.tell_read(kNone); }), expected);
}

TEST_P(ClientContract, AnUpdateLargerThanDeclaredIsRefusedAndSendsNothing) {
  const auto log = std::make_shared<testing::MergeLog>();
  build({testing::logged_row(log, 100)}, {.workers = 1});
  EXPECT_THROW((void)client(0).update(kKey, {0}, Bytes(101)), RuntimeFailure);
  update(0, 0, number_update(7, 100));
  tick(0, 0);
  server_->settle();
  ASSERT_EQ(log->merges.size(), 1u);
  EXPECT_EQ(log->merges[0].value, 7u);
}

TEST_P(ClientContract, ARefusedUpdateDoesNotShowInTheOwnReads) {
  build({add_row({0})}, {.workers = 1});
  EXPECT_THROW((void)client(0).update(kKey, {0}, encode_dense(std::vector<double>(100))), RuntimeFailure);
  EXPECT_EQ(get(0, 0), std::vector<double>{0});
}

TEST_P(ClientContract, DenseAndSparseUpdatesAddUp) {
  build({add_row({1, 2, 3})}, {.workers = 2});
  update(0, 0, encode_dense(std::vector<double>{10, 20, 30}));
  update(0, 0, encode_sparse(std::vector<Index>{2, 0}, std::vector<double>{300, 100}));
  tick(0, 0);
  server_->settle();
  EXPECT_EQ(get(1, 0), (std::vector<double>{111, 22, 333}));
}

TEST_P(ClientContract, AStopEndsAWait) {
  build({add_row({0})}, {.workers = 2});
  server_->on_wait = [&]() -> Status {
    if (server_->waits == 3) {
      server_->shard().request_stop(StopReason::time_limit);
      server_->settle();
    }
    return {};
  };
  EXPECT_EQ(client(0).get(kKey, {1}, row_).code(), StatusCode::stopped);
  EXPECT_EQ(client(0).stop().reason, StopReason::time_limit);
  EXPECT_EQ(client(0).wait_until([] { return false; }).code(), StatusCode::stopped);
  EXPECT_TRUE(client(0).wait_until([] { return true; }).ok()) << "what is ready needs no wait";
}

TEST_P(ClientContract, WhatTheCheckSaysEndsAWait) {
  build({add_row({0})}, {.workers = 2});
  server_->on_wait = [&] { return server_->waits < 5 ? Status() : Status(StatusCode::peer_lost, "worker 1 was lost"); };
  const Status status = client(0).get(kKey, {1}, row_);
  EXPECT_EQ(status.code(), StatusCode::peer_lost);
  EXPECT_STREQ(status.message(), "worker 1 was lost");
}

TEST_P(ClientContract, AFullLaneWaitsAndAStopEndsThatToo) {
  const auto log = std::make_shared<testing::MergeLog>();
  build({testing::logged_row(log, 900)}, {.workers = 1});
  server_->on_wait = [&]() -> Status {
    if (server_->waits == 5) server_->settle();
    if (server_->waits == 20) {
      server_->shard().request_stop(StopReason::interrupted);
      server_->settle();
    }
    return {};
  };
  Status status;
  std::uint64_t sent = 0;
  while (sent < 1000 && (status = client(0).update(kKey, {0}, number_update(sent, 900))).ok()) ++sent;
  EXPECT_EQ(status.code(), StatusCode::stopped);
  EXPECT_GE(sent, 7u) << "it had resumed after the first wait";
}

TEST_P(ClientContract, ATickIsKnownToEverybody) {
  build({add_row({0})}, {.workers = 3});
  tick(1, 0);
  server_->deliver();
  tick(1, 1);
  tick(2, 0);
  server_->deliver();
  for (const std::size_t worker : {0u, 1u, 2u}) {
    EXPECT_EQ(client(worker).clocks().clock({0}), Clock{0});
    EXPECT_EQ(client(worker).clocks().clock({1}), Clock{2});
    EXPECT_EQ(client(worker).clocks().slowest(), Clock{0});
    EXPECT_EQ(client(worker).clocks().fastest(), Clock{2});
  }
}

TEST_P(ClientContract, RowsOfTwoShardsAreReadByTheFloorOfTheirOwn) {
  build({add_row({0}), add_row({0})}, {.workers = 2, .shards = 2});
  for (const std::uint32_t key : {0u, 1u}) update(1, 0, add_one_to(0, 5.0 + key), {key});
  tick(1, 0);
  server_->settle(0);
  EXPECT_EQ(get(0, 1, {0}), std::vector<double>{5});
  EXPECT_EQ(server_->waits, 0);
  server_->on_wait =
      [&]() -> Status {  // shard 1 has folded nothing yet, whatever the clock table and the other shard say
    if (server_->waits == 4) server_->settle();
    return {};
  };
  EXPECT_EQ(get(0, 1, {1}), std::vector<double>{6});
  EXPECT_GE(server_->waits, 4);
}

/// Random interleavings of updates, ticks, folds and reads, against what each worker knows it may see.
TEST_P(ClientContract, RandomInterleavingsKeepTheReadRuleAndCountEveryUpdateOnce) {
  constexpr std::size_t kWorkers = 3;
  for (unsigned seed = 0; seed < 8; ++seed) {
    const bool bulk = seed % 2 == 1;
    build({add_row(std::vector<double>(kWorkers))}, {.workers = kWorkers, .bulk_synchronous = bulk});
    std::mt19937 random(seed);
    // prefix[i][c]: what worker i added in its clocks before c; the last one is still open.
    std::vector<std::vector<double>> prefix(kWorkers, {0.0, 0.0});
    std::vector<std::vector<std::size_t>> seen(kWorkers, std::vector<std::size_t>(kWorkers, 0));
    server_->on_wait = [&]() -> Status { return (void)server_->shard().step(), Status(); };
    for (int action = 0; action < 3000; ++action) {
      const std::size_t self = random() % kWorkers;
      const std::uint64_t clock = prefix[self].size() - 2;
      switch (random() % 4) {
        case 0: {
          const double value = static_cast<double>(random() % 1000 + 1);
          update(self, clock, add_one_to(static_cast<Index>(self), value));
          prefix[self].back() += value;
          break;
        }
        case 1:
          tick(self, clock);
          prefix[self].push_back(prefix[self].back());
          break;
        case 2:
          (void)server_->shard().step();
          break;
        default: {
          std::uint64_t slowest = ~std::uint64_t{0};
          for (const auto& p : prefix) slowest = std::min<std::uint64_t>(slowest, p.size() - 2);
          const std::uint64_t required = random() % (std::min(clock, slowest) + 1);
          const auto row = get(self, required);
          ASSERT_EQ(row.size(), kWorkers);
          ASSERT_EQ(row[self], prefix[self].back()) << "the own updates, all of them and each once";
          for (std::size_t j = 0; j < kWorkers; ++j) {
            if (j == self) continue;
            // A whole number of j's clocks, not fewer than required or seen before.
            std::size_t at = std::max<std::size_t>(required, seen[self][j]);
            while (at + 1 < prefix[j].size() && prefix[j][at] != row[j]) ++at;
            ASSERT_LT(at, prefix[j].size() - 1)
                << "worker " << self << " reads " << row[j] << " of worker " << j << ", action " << action;
            seen[self][j] = at;
          }
        }
      }
    }
    server_->settle();
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, ClientContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::ps
