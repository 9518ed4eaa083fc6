// What runtime/liveness.hpp promises, over every transport: who is silent is named in time, and who is not is never
// blamed.
#include "runtime/liveness.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "tests/support/backends.hpp"

namespace wolfpack::runtime {
namespace {

/// Passes everything on and counts how often peers are served.
class CountingTransport final : public transport::Transport {
 public:
  explicit CountingTransport(std::unique_ptr<Transport> inner) : inner_(std::move(inner)) {}
  [[nodiscard]] std::unique_ptr<transport::Region> allocate(std::size_t size_bytes,
                                                            transport::MemoryKind kind) override {
    return inner_->allocate(size_bytes, kind);
  }
  [[nodiscard]] std::unique_ptr<transport::Channel> open_channel() override { return inner_->open_channel(); }
  [[nodiscard]] Bytes address() const override { return inner_->address(); }
  bool serve() override {
    ++served;
    return inner_->serve();
  }
  void wait_for_requests(double seconds) override { inner_->wait_for_requests(seconds); }
  [[nodiscard]] std::string name() const override { return inner_->name(); }
  [[nodiscard]] std::string library() const override { return inner_->library(); }

  std::atomic<std::uint64_t> served = 0;

 private:
  std::unique_ptr<Transport> inner_;
};

class LivenessContract : public testing::BackendTest {
 protected:
  /// A star around worker 0.
  void build(std::size_t workers, double timeout_seconds) {
    layout_ = ps::JobLayout::make(workers, 1, {}, 4096);
    for (std::size_t i = 0; i < workers; ++i) {
      transports_.push_back(std::make_unique<CountingTransport>(GetParam().make()));
      boards_.push_back(transports_.back()->allocate(layout_.board_bytes(), transport::MemoryKind::host));
    }
    for (std::uint32_t i = 0; i < workers; ++i)
      alive_.push_back(
          std::make_unique<Liveness>(*transports_[i], layout_, WorkerId{i}, boards_[i]->bytes(), timeout_seconds));
    for (std::uint32_t i = 0; i < workers; ++i) {
      auto channel = transports_[i]->open_channel();
      std::vector<Liveness::Peer> peers;
      for (std::uint32_t j = 0; j < workers; ++j)
        if (i != j && (i == 0 || j == 0))
          peers.push_back(
              {{j},
               "worker " + std::to_string(j) + " (pid 7)",
               channel->open(channel->connect(transports_[j]->address(), "peer"), boards_[j]->descriptor())});
      alive_[i]->beat(std::move(channel), std::move(peers));
    }
  }
  void watch() {
    for (auto& liveness : alive_) liveness->watch();
  }
  void TearDown() override {
    alive_.clear();  // their channels before the boards that they reach
  }
  /// Seconds until worker `i` finds somebody lost; `most` where it does not.
  [[nodiscard]] double seconds_until_lost(std::size_t i, double most) const {
    const double start = monotonic_seconds();
    while (alive_[i]->check().ok() && monotonic_seconds() - start < most)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return monotonic_seconds() - start;
  }

  ps::JobLayout layout_;
  std::vector<std::unique_ptr<CountingTransport>> transports_;
  std::vector<std::unique_ptr<transport::Region>> boards_;
  std::vector<std::unique_ptr<Liveness>> alive_;
};

TEST_P(LivenessContract, APeerWhoseHeartbeatStopsIsNamedWithinTheTimeout) {
  build(3, 0.6);
  watch();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ASSERT_TRUE(alive_[0]->check().ok());
  alive_[2].reset();
  const double seconds = seconds_until_lost(0, 10.0);
  EXPECT_GT(seconds, 0.3);
  EXPECT_LT(seconds, 3.0);
  const Status status = alive_[0]->check();
  EXPECT_EQ(status.code(), StatusCode::peer_lost);
  EXPECT_NE(std::string(status.message()).find("worker 2 (pid 7) was lost: no heartbeat for 0.6 s"), std::string::npos)
      << status.message();
  EXPECT_TRUE(alive_[1]->check().ok()) << "worker 1 watches worker 0 alone";
}

TEST_P(LivenessContract, TheOthersNoticeThatWorkerZeroIsGone) {
  build(3, 0.6);
  watch();
  alive_[0].reset();
  for (const std::size_t i : {1u, 2u}) {
    EXPECT_LT(seconds_until_lost(i, 10.0), 3.0);
    EXPECT_NE(std::string(alive_[i]->check().message()).find("worker 0"), std::string::npos);
  }
}

TEST_P(LivenessContract, AFailureThatIsAnnouncedIsKnownLongBeforeTheTimeout) {
  build(3, 30.0);
  watch();
  alive_[1]->announce_failure();
  EXPECT_LT(seconds_until_lost(0, 10.0), 2.0);
  EXPECT_STREQ(alive_[0]->check().message(), "worker 1 (pid 7) failed");
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  EXPECT_STREQ(alive_[0]->check().message(), "worker 1 (pid 7) failed") << "the first news stays";
}

TEST_P(LivenessContract, SilenceDoesNotCountBeforeItIsWatched) {
  build(2, 0.2);
  alive_[1].reset();
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_TRUE(alive_[0]->check().ok());
  alive_[0]->watch();
  EXPECT_LT(seconds_until_lost(0, 10.0), 3.0);
}

TEST_P(LivenessContract, ABusyMachineIsNotTakenForDeath) {
  build(4, 1.0);
  watch();
  std::vector<std::jthread> load;
  for (unsigned i = 0; i < 4 * std::thread::hardware_concurrency(); ++i)
    load.emplace_back([](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
      }
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(2000));
  for (const auto& liveness : alive_) EXPECT_TRUE(liveness->check().ok()) << liveness->check().message();
}

TEST_P(LivenessContract, PeersAreServedUnlessServingIsPaused) {
  build(2, 30.0);
  auto channel = transports_[0]->open_channel();
  const auto remote = channel->open(channel->connect(transports_[1]->address(), "worker 1"), boards_[1]->descriptor());
  std::uint64_t word = 0;
  transport::Completion done;
  const auto get = [&] { channel->get(remote, 0, std::as_writable_bytes(std::span(&word, 1)), done).or_throw(); };
  get();
  EXPECT_TRUE(wait(*channel, done, testing::patience()).ok());

  const auto& served = transports_[1]->served;
  auto lock = alive_[1]->pause_serving();
  const std::uint64_t before = served;
  get();
  EXPECT_EQ(wait(*channel, done, 0.1).ok(), GetParam().one_sided == transport::OneSided::native);
  EXPECT_EQ(served, before);
  lock.unlock();
  EXPECT_TRUE(wait(*channel, done, testing::patience()).ok());
}

INSTANTIATE_TEST_SUITE_P(Backends, LivenessContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::runtime
