// What the trace counts as the transport's time, with a transport that is slow on purpose.
#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "ps/value.hpp"
#include "runtime/job.hpp"
#include "runtime/threads_launcher.hpp"
#include "tests/support/passing_channel.hpp"
#include "transport/threads_transport.hpp"

namespace wolfpack::runtime {
namespace {

constexpr ps::Key kKey{0};
constexpr double kSlowSeconds = 1e-3;

/// Every put and every get takes at least that long: the caller sleeps.
class SlowChannel final : public testing::PassingChannel {
 public:
  SlowChannel(std::unique_ptr<transport::Channel> channel, double seconds)
      : PassingChannel(*channel), channel_(std::move(channel)), seconds_(seconds) {}

  Status put(const transport::RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
             transport::Completion& done) override {
    sleep_seconds(seconds_);
    return PassingChannel::put(to, offset, source, done);
  }
  Status ordered_put(const transport::RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     transport::Completion& done) override {
    sleep_seconds(seconds_);
    return PassingChannel::ordered_put(to, offset, source, done);
  }
  Status get(const transport::RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination,
             transport::Completion& done) override {
    sleep_seconds(seconds_);
    return PassingChannel::get(from, offset, destination, done);
  }

 private:
  std::unique_ptr<transport::Channel> channel_;
  double seconds_;
};

/// Between threads; the first channel that is opened, the iterating thread's, is slow.
class SlowTransport final : public transport::Transport {
 public:
  explicit SlowTransport(double seconds) : seconds_(seconds) {}

  [[nodiscard]] std::unique_ptr<transport::Region> allocate(std::size_t bytes, transport::MemoryKind kind) override {
    return inner_->allocate(bytes, kind);
  }
  [[nodiscard]] std::unique_ptr<transport::Channel> open_channel() override {
    auto channel = inner_->open_channel();
    if (seconds_ == 0.0 || opened_++ > 0) return channel;
    return std::make_unique<SlowChannel>(std::move(channel), seconds_);
  }
  [[nodiscard]] Bytes address() const override { return inner_->address(); }
  bool serve() override { return inner_->serve(); }
  void wait_for_requests(double seconds) override { inner_->wait_for_requests(seconds); }
  [[nodiscard]] std::string name() const override { return "slow"; }
  [[nodiscard]] std::string library() const override { return inner_->library(); }

 private:
  std::unique_ptr<transport::Transport> inner_ = transport::make_threads_transport();
  double seconds_;
  int opened_ = 0;
};

struct Case {
  std::size_t workers = 1;
  std::uint64_t iterations = 10;
  double slow_seconds = kSlowSeconds;  ///< of the transport
  Staleness staleness = kBulkSynchronous;
  ps::RowSpec row = ps::add_row({0});
  std::uint64_t lane_bytes = 1 << 20;
};

/// By worker.
std::vector<Trace> traces_of(const Case& run, const std::function<void(Iteration&)>& body) {
  std::vector<Trace> traces(run.workers);
  run_threads(run.workers, [&](transport::Bootstrap& bootstrap) {
    SlowTransport transport(run.slow_seconds);
    Job job(bootstrap, transport, {.rows = {run.row}, .smallest_lane_bytes = run.lane_bytes});
    traces[bootstrap.rank().value] =
        job.iterate({.iterations = run.iterations, .staleness = run.staleness}, body).trace;
    job.close();
  });
  return traces;
}

Bytes one() { return ps::encode_sparse(std::vector<Index>{0}, std::vector{1.0}); }

TEST(TransportTime, SharesRiseWithASlowTransportTowardsOne) {
  const auto share = [](double slow_seconds, double compute_seconds) {
    const auto traces = traces_of({.slow_seconds = slow_seconds}, [&](Iteration& it) {
      (void)it.get(kKey);
      it.compute([&] { sleep_seconds(compute_seconds); });
      it.update(kKey, one());
    });
    return transport_share(traces[0]).value();
  };
  const double quick_and_computing = share(0.0, 3 * kSlowSeconds);
  const double slow_and_computing = share(kSlowSeconds, 3 * kSlowSeconds);
  const double slow_and_idle = share(kSlowSeconds, 0.0);
  EXPECT_LT(quick_and_computing, slow_and_computing);
  EXPECT_LT(slow_and_computing, slow_and_idle);
  EXPECT_GT(slow_and_idle, 0.5);
  EXPECT_LE(slow_and_idle, 1.0);
}

TEST(TransportTime, GetsAndTicksAreEachCountedAsWhatTheyAre) {
  const auto traces = traces_of({.workers = 2, .iterations = 5}, [&](Iteration& it) {
    (void)it.get(kKey);
    it.update(kKey, one());
  });
  for (const Trace& trace : traces) {
    ASSERT_EQ(trace.size(), 5u);
    for (const TraceRow& row : trace) {
      EXPECT_GE(row.get, kSlowSeconds) << "the version of every clock is new, and waited for: but the get is no wait";
      EXPECT_GE(row.put, 3 * kSlowSeconds) << "the records, the tail, and the other's clock word";
      EXPECT_LE(row.put, row.update + 1e-9);
      EXPECT_LE(row.wait + row.get + row.compute + row.update, row.end - row.start + 1e-6);
    }
  }
}

/// A body that puts more than the lane takes at once: its updates publish by themselves, before the tick.
TEST(TransportTime, PutsOfUpdatesBeforeTheTickCount) {
  constexpr std::size_t kNumbers = 1000;
  constexpr int kUpdates = 6;
  const Bytes update = ps::encode_dense(std::vector<double>(kNumbers, 1.0));
  const auto traces = traces_of(
      {.iterations = 3, .row = ps::add_row(std::vector<double>(kNumbers)), .lane_bytes = 4096}, [&](Iteration& it) {
        for (int k = 0; k < kUpdates; ++k) it.update(kKey, update);
        EXPECT_EQ(it.trace().put, 0.0) << "it is known at the end of the iteration";
      });
  for (const TraceRow& row : traces[0]) {
    EXPECT_GE(row.put, 3 * 2 * kSlowSeconds) << "a lane holds four updates";
    EXPECT_LE(row.put, row.update + 1e-9);
  }
}

TEST(TransportTime, WaitsForOthersAreNotTheTransports) {
  constexpr double kLate = 20 * kSlowSeconds;
  const auto traces = traces_of({.workers = 2, .iterations = 6}, [&](Iteration& it) {
    (void)it.get(kKey);
    if (it.worker().value == 1) it.compute([] { sleep_seconds(kLate); });
    it.update(kKey, one());
  });
  double waited = 0.0, counted = 0.0, all = 0.0;
  for (const TraceRow& row : traces[0]) {
    waited += row.wait;
    counted += row.get + row.put;
    all += row.end - row.start;
  }
  EXPECT_GT(waited, 0.0);
  EXPECT_LE(counted, all - waited + 1e-6);
  EXPECT_LT(transport_share(traces[0]).value(), 0.6) << "worker 0 does little but wait for worker 1";
}

TEST(TransportTime, WithoutATraceThereIsNone) {
  run_threads(1, [](transport::Bootstrap& bootstrap) {
    SlowTransport transport(0.0);
    Job job(bootstrap, transport, {.rows = {ps::add_row({0})}});
    const auto ended = job.iterate({.iterations = 3, .trace = false}, [](Iteration& it) { it.update(kKey, one()); });
    EXPECT_FALSE(transport_share(ended.trace).has_value());
    job.close();
  });
}

}  // namespace
}  // namespace wolfpack::runtime
