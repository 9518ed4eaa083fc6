#include "latency/meter.hpp"

#include <algorithm>
#include <limits>

#include "base/time.hpp"

namespace wolfpack::latency {
namespace {

/// Two readings of the clock are then at most a hundredth of what is timed.
constexpr double kBatchPerReading = 200.0;
constexpr std::uint64_t kUsualWarmup = 1000;
constexpr double kUsualWarmupShare = 0.2;
constexpr double kUsualWarmupSeconds = 0.1;
constexpr std::uint64_t kLargestBatch = 1 << 20;

class Run {
 public:
  explicit Run(const std::function<Status(std::uint64_t)>& perform) : perform_(perform) {}

  double time(std::uint64_t count) {
    const double start = monotonic_seconds();
    perform_(count).or_throw();
    return monotonic_seconds() - start;
  }

 private:
  const std::function<Status(std::uint64_t)>& perform_;
};

void warm_up(Run& run, const MeterSettings& settings, const std::function<bool()>& is_over) {
  const std::uint64_t wanted = settings.warmup.value_or(kUsualWarmup);
  const double most_seconds = settings.warmup
                                  ? std::numeric_limits<double>::infinity()
                                  : std::min(kUsualWarmupSeconds, kUsualWarmupShare * settings.duration_seconds);
  double spent = 0.0;
  for (std::uint64_t done = 0, next = 1; done < wanted && spent < most_seconds && !is_over();
       done += next, next = std::min({2 * next, kUsualWarmup, wanted - done}))
    spent += run.time(next);
}

std::uint64_t choose_batch(Run& run, const Clockwork& clock, std::uint64_t most) {
  const double wanted = kBatchPerReading * std::max(clock.tick_seconds, clock.reading_seconds);
  std::uint64_t batch = 1;
  // The quicker of two: an interruption must not make it look long enough.
  while (batch < most && std::min(run.time(batch), run.time(batch)) < wanted) batch *= 2;
  return std::min(batch, most);
}

}  // namespace

Clockwork measure_clock() {
  constexpr int kReadings = 10'000;
  Clockwork clock{.tick_seconds = std::numeric_limits<double>::infinity()};
  const double start = monotonic_seconds();
  double last = start;
  for (int i = 0; i < kReadings; ++i) {
    const double now = monotonic_seconds();
    if (now > last) clock.tick_seconds = std::min(clock.tick_seconds, now - last);
    last = now;
  }
  clock.reading_seconds = (last - start) / kReadings;
  if (last == start) clock.tick_seconds = clock.reading_seconds = 1e-3;  // a clock that stood still for all of them
  return clock;
}

Measurement measure(const Clockwork& clock, const MeterSettings& settings,
                    const std::function<Status(std::uint64_t)>& perform, const std::function<bool()>& is_over) {
  Run run(perform);
  warm_up(run, settings, is_over);
  const std::uint64_t iterations = settings.iterations.value_or(std::numeric_limits<std::uint64_t>::max());
  Measurement out;
  out.batch = choose_batch(run, clock, std::min(iterations, kLargestBatch));
  const double deadline = monotonic_seconds() + settings.duration_seconds;
  do {
    const std::uint64_t count = std::min(out.batch, iterations - out.times.count());
    out.times.add(run.time(count) / static_cast<double>(count), count);
    ++out.timings;
  } while (out.times.count() < iterations && monotonic_seconds() < deadline && !is_over());
  return out;
}

}  // namespace wolfpack::latency
