// What a job makes of a transport that says a peer is gone (PeerUnreachable): who is lost, liveness finds out; where
// nobody is, the worker that cannot reach its peer says so itself.
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.hpp"
#include "runtime/job.hpp"
#include "runtime/threads_launcher.hpp"
#include "tests/support/jobs.hpp"
#include "tests/support/passing_channel.hpp"
#include "transport/threads_transport.hpp"

namespace wolfpack::runtime {
namespace {

using testing::add_one_to;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using transport::Completion;
using transport::RemoteRegion;

constexpr double kHeartbeatTimeoutSeconds = 2.0;
constexpr const char* kCannot = "worker 0: Connection reset by remote peer (UCX -25)";

/// Whose operations fail from some moment on, as UCX's do on an endpoint whose peer is gone.
class BreakableChannel final : public testing::PassingChannel {
 public:
  BreakableChannel(std::unique_ptr<Channel> channel, const std::atomic<bool>& is_broken)
      : PassingChannel(*channel), channel_(std::move(channel)), is_broken_(is_broken) {}

  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             Completion& done) override {
    return is_broken_ ? broken() : PassingChannel::put(to, offset, source, done);
  }
  Status get(const RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
             Completion& done) override {
    return is_broken_ ? broken() : PassingChannel::get(from, offset, destination, done);
  }
  Status ordered_put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     Completion& done) override {
    return is_broken_ ? broken() : PassingChannel::ordered_put(to, offset, source, done);
  }
  Status flush(transport::PeerIndex peer, Completion& done) override {
    return is_broken_ ? broken() : PassingChannel::flush(peer, done);
  }

 private:
  static Status broken() { return {StatusCode::peer_unreachable, kCannot}; }

  std::unique_ptr<Channel> channel_;
  const std::atomic<bool>& is_broken_;
};

/// A job's channels are opened in this order.
enum class Whose { worker = 0, owner = 1, heartbeats = 2 };

/// Threads' transport of a worker that hosts a shard, of whose channels one can be broken.
class BreakableTransport final : public transport::Transport {
 public:
  BreakableTransport(Whose whose, const std::atomic<bool>& is_broken) : whose_(whose), is_broken_(is_broken) {}

  std::unique_ptr<transport::Region> allocate(std::size_t bytes, transport::MemoryKind kind) override {
    return transport_->allocate(bytes, kind);
  }
  std::unique_ptr<transport::Channel> open_channel() override {
    auto channel = transport_->open_channel();
    if (opened_++ != static_cast<int>(whose_)) return channel;
    return std::make_unique<BreakableChannel>(std::move(channel), is_broken_);
  }
  [[nodiscard]] Bytes address() const override { return transport_->address(); }
  bool serve() override { return transport_->serve(); }
  void wait_for_requests(double seconds) override { transport_->wait_for_requests(seconds); }
  [[nodiscard]] std::string name() const override { return transport_->name(); }
  [[nodiscard]] std::string library() const override { return transport_->library(); }

 private:
  std::unique_ptr<Transport> transport_ = transport::make_threads_transport();
  Whose whose_;
  const std::atomic<bool>& is_broken_;
  int opened_ = 0;
};

/// What three workers throw, by worker, when one channel of worker 1 breaks in mid-job. With `is_lost` worker 2 throws
/// a moment later, which liveness tells of.
std::vector<std::string> failures(Whose whose, bool is_lost) {
  std::vector<std::string> thrown(3);
  std::atomic<bool> is_there = false, is_broken = false;
  const auto came_true = [deadline = monotonic_seconds() + 20.0](const std::atomic<bool>& awaited) {
    while (!awaited && monotonic_seconds() < deadline) sleep_seconds(1e-3);
    return awaited.load();
  };
  const auto worker = [&](transport::Bootstrap& bootstrap) {
    const std::uint32_t rank = bootstrap.rank().value;
    std::unique_ptr<transport::Transport> transport = transport::make_threads_transport();
    if (rank == 1) transport = std::make_unique<BreakableTransport>(whose, is_broken);
    try {
      Job job(bootstrap, *transport,
              {.rows = {ps::add_row({0}), ps::add_row({0})},
               .shards = 2,
               .heartbeat_timeout_seconds = kHeartbeatTimeoutSeconds});
      (void)job.iterate({.staleness = {2}, .time_limit_seconds = 20.0}, [&](Iteration& it) {
        for (const ps::Key key : {ps::Key{0}, ps::Key{1}}) (void)it.get(key);  // a shard's each
        if (rank == 2 && it.clock().value == 10) is_there = true;
        if (rank == 1 && it.clock().value == 10) {  // and worker 2 no longer needs it in order to throw
          EXPECT_TRUE(came_true(is_there));
          is_broken = true;
        }
        if (rank == 2 && it.clock().value == 10 && is_lost) {
          EXPECT_TRUE(came_true(is_broken));
          throw std::logic_error("worker 2 is wrong");
        }
        for (const ps::Key key : {ps::Key{0}, ps::Key{1}}) it.update(key, add_one_to(0));
      });
      ADD_FAILURE() << "worker " << rank << " has not noticed";
      job.close();
    } catch (const PeerFailure& failure) {
      thrown[rank] = std::string("peer failure: ") + failure.what();
      throw;
    } catch (const std::exception& failure) {
      thrown[rank] = failure.what();
      throw;
    }
  };
  EXPECT_ANY_THROW(run_threads(3, worker));
  return thrown;
}

TEST(UnreachablePeer, IsSaidByWhoCannotReachItWhereNobodyIsLost) {
  for (const Whose whose : {Whose::worker, Whose::owner}) {
    const auto thrown = failures(whose, false);
    EXPECT_THAT(thrown[0], HasSubstr("peer failure: worker 1 ")) << "and that it failed";
    EXPECT_EQ(thrown[1], kCannot) << (whose == Whose::owner ? "the owner's" : "the worker's");
    EXPECT_THAT(thrown[2], StartsWith("peer failure: "));
  }
}

TEST(UnreachablePeer, ThatHeartbeatsDoNotReachFindsTheirSenderSilent) {
  const auto thrown = failures(Whose::heartbeats, false);
  EXPECT_THAT(thrown[0], AllOf(HasSubstr("peer failure: worker 1 "), HasSubstr("no heartbeat for 2.0 s")));
  EXPECT_THAT(thrown[1], StartsWith("peer failure: "));
  EXPECT_THAT(thrown[2], StartsWith("peer failure: "));
}

TEST(UnreachablePeer, IsNoFailureOfItsOwnWhereAnotherWorkerHasFailed) {
  for (const Whose whose : {Whose::worker, Whose::owner}) {
    const auto thrown = failures(whose, true);
    EXPECT_THAT(thrown[0], HasSubstr("peer failure: worker 2 "));
    EXPECT_THAT(thrown[1], StartsWith("peer failure: "));
    EXPECT_EQ(thrown[2], "worker 2 is wrong");
  }
}

}  // namespace
}  // namespace wolfpack::runtime
