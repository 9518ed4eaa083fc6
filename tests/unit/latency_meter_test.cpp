#include <vector>

#include <gtest/gtest.h>

#include "base/execution.hpp"
#include "latency/meter.hpp"

namespace wolfpack::latency {
namespace {

/// Time that passes only where it is said to: what is measured is then known.
class HandClock final : public Execution {
 public:
  HandClock() { install(this); }
  HandClock(const HandClock&) = delete;
  HandClock& operator=(const HandClock&) = delete;
  ~HandClock() override { install(nullptr); }

  double now_seconds() override { return now_ += reading_seconds; }
  void rest(double seconds) override { now_ += seconds; }
  void before_shared_access() override {}
  std::uint64_t announce_thread() override { return 0; }
  void run_thread(std::uint64_t, const std::function<void()>&) override {}
  void await_thread(std::uint64_t) override {}

  double reading_seconds = 0.0;

 private:
  double now_ = 1000.0;
};

constexpr Clockwork kClock{.tick_seconds = 1e-8, .reading_seconds = 2.5e-8};
const auto kNever = [] { return false; };

struct Counted {
  HandClock& clock;
  double seconds;
  std::vector<std::uint64_t> calls = {};

  std::function<Status(std::uint64_t)> perform() {
    return [this](std::uint64_t count) {
      calls.push_back(count);
      clock.rest(seconds * static_cast<double>(count));
      return Status();
    };
  }
};

TEST(LatencyMeter, TimesSlowOperationsOneByOne) {
  HandClock clock;
  Counted operation{clock, 1e-3};
  const Measurement measured = measure(kClock, {.warmup = 0, .duration_seconds = 0.1}, operation.perform(), kNever);
  EXPECT_EQ(measured.batch, 1u);
  EXPECT_NEAR(static_cast<double>(measured.timings), 100.0, 1.0);
  EXPECT_NEAR(measured.times.percentile(0.5), 1e-3, 1e-9);
}

TEST(LatencyMeter, TimesQuickOperationsTogetherUntilTheClockIsLostAmongThem) {
  HandClock clock;
  clock.reading_seconds = kClock.reading_seconds;
  Counted operation{clock, 1e-8};
  const Measurement measured = measure(kClock, {.duration_seconds = 1e-3}, operation.perform(), kNever);
  EXPECT_GE(measured.batch, 256u);
  EXPECT_LE(measured.batch, 1024u);
  EXPECT_NEAR(measured.times.percentile(0.5) / 1e-8, 1.0, 0.02);  // two readings are in it
}

TEST(LatencyMeter, CountsIterationsAndNotTheWarmUp) {
  HandClock clock;
  Counted operation{clock, 1e-8};
  const Measurement measured =
      measure(kClock, {.iterations = 1000, .warmup = 77, .duration_seconds = 1e9}, operation.perform(), kNever);
  EXPECT_EQ(measured.times.count(), 1000u);
  std::uint64_t all = 0;
  for (const std::uint64_t calls : operation.calls) all += calls;
  EXPECT_GE(all, 1077u);
}

TEST(LatencyMeter, TimesOnceAtLeastAndEndsEarlyWhereAsked) {
  HandClock clock;
  Counted slow{clock, 5.0};
  EXPECT_EQ(measure(kClock, {.warmup = 0, .duration_seconds = 0.1}, slow.perform(), kNever).timings, 1u);
  EXPECT_EQ(measure(kClock, {.warmup = 0, .duration_seconds = 1e9}, slow.perform(), [] { return true; }).timings, 1u);
}

TEST(LatencyMeter, AFailureEndsTheMeasurement) {
  const auto fails = [](std::uint64_t) { return Status(StatusCode::peer_unreachable, "rank 1: gone"); };
  EXPECT_THROW((void)measure(kClock, {}, fails, kNever), PeerUnreachable);
}

TEST(LatencyMeter, KnowsTheMachinesClock) {
  const Clockwork clock = measure_clock();
  EXPECT_GT(clock.tick_seconds, 0.0);
  EXPECT_GT(clock.reading_seconds, 0.0);
  EXPECT_LT(clock.tick_seconds, 0.1);
  EXPECT_LT(clock.reading_seconds, 0.1);
}

}  // namespace
}  // namespace wolfpack::latency
