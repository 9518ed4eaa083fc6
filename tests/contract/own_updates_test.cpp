// What ps/client.hpp promises of a worker's own updates beside what a read shows of them (client_test.cpp), over every
// transport, on one thread: how long they are kept, and for whom.
#include <gtest/gtest.h>

#include "ps/client.hpp"
#include "tests/support/hand_driven_server.hpp"

namespace wolfpack::ps {
namespace {

using testing::HandDrivenServer;
using testing::number_update;

constexpr Key kKey{0};

Bytes add_one() { return encode_sparse(std::vector<Index>{0}, std::vector{1.0}); }

class OwnUpdatesContract : public testing::BackendTest {
 protected:
  void build(std::vector<RowSpec> rows) {
    server_ = std::make_unique<HandDrivenServer>(GetParam(), std::move(rows), HandDrivenServer::Options{.workers = 1});
    server_->settle();
  }
  Client& client() { return server_->client(0); }
  void update(std::uint64_t clock, const Bytes& value, Key key = kKey) {
    ASSERT_TRUE(client().update(key, {clock}, value).ok());
  }
  void tick(std::uint64_t clock) { ASSERT_TRUE(client().tick({clock}).ok()); }

  std::unique_ptr<HandDrivenServer> server_;
  Row row_;
};

/// It has no end before its tick, so waiting for its fold would last for ever.
TEST_P(OwnUpdatesContract, WhereNothingStandsInForOwnUpdatesThoseOfTheOpenClockDoNotShow) {
  const auto log = std::make_shared<testing::MergeLog>();
  build({testing::logged_row(log, 8, OwnUpdates::wait)});
  update(0, number_update(1));
  server_->settle();
  ASSERT_TRUE(client().get(kKey, {0}, row_).ok());
  EXPECT_EQ(ByteReader(row_.payload).value<std::uint64_t>(), 0u);
  EXPECT_EQ(row_.own_folded, Clock{0}) << "it says so";
  EXPECT_EQ(server_->waits, 0);
}

TEST_P(OwnUpdatesContract, ARowThatIsOnlyWrittenKeepsNoUpdatesThatAreFolded) {
  build({add_row({0}), assign_row(number_update(0), 8), min_objective_row({}, 0)});
  constexpr Key kKeys[] = {{0}, {1}, {2}};
  for (std::uint64_t clock = 0; clock < 50; ++clock) {
    update(clock, add_one(), kKeys[0]);
    update(clock, number_update(clock), kKeys[1]);
    update(clock, encode_scored(1.0, {}), kKeys[2]);  // from the second on no better, so never published
    tick(clock);
    if (clock % 2 == 1) server_->settle();
    for (const Key key : kKeys) ASSERT_LE(client().kept_updates(key), 2u) << "key " << key.value << ", clock " << clock;
  }
  ASSERT_TRUE(client().get(kKey, {50}, row_).ok());
  EXPECT_EQ(as_doubles(row_.payload)[0], 50.0);
}

TEST_P(OwnUpdatesContract, AReplaySeesTheOwnUpdatesThatAnOlderVersionLacks) {
  build({add_row({0})});
  client().keep_updates_until_read();
  for (const std::uint64_t clock : {0u, 1u}) {
    update(clock, add_one());
    tick(clock);
    server_->settle();
  }
  update(2, add_one());  // clocks 0 and 1 are folded, as the board says
  for (const std::uint64_t version : {1u, 2u, 3u}) {
    ASSERT_TRUE(client().get_version(kKey, {version}, row_).ok());
    EXPECT_EQ(as_doubles(row_.payload)[0], 3.0) << "version " << version;
    EXPECT_EQ(client().kept_updates(kKey), 4 - version);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, OwnUpdatesContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::ps
