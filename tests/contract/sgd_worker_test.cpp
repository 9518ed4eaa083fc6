// What a worker tells after a run follows from the iterations that finished, not from one that the stop cut off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sgd/gather.hpp"
#include "tests/support/jobs.hpp"
#include "tests/support/logistic_samples.hpp"

namespace wolfpack::sgd {
namespace {

using testing::LogisticProblem;
using testing::random_problem;
using testing::samples_of;

constexpr std::uint64_t kSteps = 8;

struct Told {
  std::vector<double> mean;
  Version last_read;
  std::uint64_t samples_seen = 0;
  std::size_t candidates = 0;
};

class SgdWorkerContract : public testing::JobTest {
 protected:
  /// What worker 0 of two tells after `iterations`; where `cut`, one more has run to the end of its body and was
  /// stopped then.
  Told told_after(std::uint64_t iterations, bool cut) const {
    const LogisticProblem problem = random_problem(64, 5, 1.0, 0.01, 31);
    Told told;
    run(2, training_job(static_cast<Index>(problem.features()), problem.samples(), 2, {}), [&](runtime::Job& job) {
      const Samples samples = samples_of(problem, job.worker().value, 2);
      const Plan plan{.parameters = {.features = static_cast<Index>(problem.features())},
                      .workers = 2,
                      .samples = problem.samples(),
                      .steps = kSteps,
                      .l2 = problem.l2,
                      .optimizer = {.step = 0.5, .workers = 2}};
      Worker worker(samples, gather_summary(job, samples), plan, job.worker());
      runtime::IterateOptions options{.iterations = iterations, .staleness = kBulkSynchronous};
      if (cut) {
        ++*options.iterations;
        options.time_limit_seconds = 0.5;  // nobody else would end it; the clocks before take 1 ms
      }
      const auto ran = job.iterate(options, [&](runtime::Iteration& iteration) {
        worker.iterate(iteration);
        if (cut && iteration.clock().value == iterations) throw runtime::JobStopped{};
      });
      ASSERT_EQ(ran.clock.value, iterations);
      worker.finish(ran.clock);
      if (job.worker().value == 0)
        told = {worker.mean().value(), worker.last_read(), worker.samples_seen(), worker.candidate_times().size()};
    });
    return told;
  }
};

TEST_P(SgdWorkerContract, AnIterationThatTheStopCutOffLeavesNothingBehind) {
  // Clock 8 proposes a candidate and begins a new mean, clock 16 the next.
  for (const std::uint64_t iterations : {1u, 7u, 8u, 9u, 16u, 20u}) {
    SCOPED_TRACE(::testing::Message() << iterations << " iterations");
    const Told whole = told_after(iterations, false), cut = told_after(iterations, true);
    EXPECT_EQ(cut.mean, whole.mean);
    EXPECT_EQ(cut.last_read, whole.last_read);
    EXPECT_EQ(cut.samples_seen, whole.samples_seen);
    EXPECT_EQ(cut.candidates, whole.candidates);
    EXPECT_EQ(whole.samples_seen, iterations * 32 / kSteps);
    EXPECT_EQ(whole.candidates, (iterations - 1) / kSteps);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, SgdWorkerContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::sgd
