// What runtime/job.hpp promises beside the two rules (ssp_test.cpp), over every transport: how jobs begin again, end,
// fail and tell of it.
#include "runtime/job.hpp"

#include <atomic>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "tests/support/jobs.hpp"

namespace wolfpack::runtime {
namespace {

using testing::add_one_to;
using testing::kKey;
using testing::numbers_of;
using testing::result_of;

class JobContract : public testing::JobTest {};

TEST_P(JobContract, AJobIteratesAgainFromNewRows) {
  run(3, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    for (const std::uint64_t iterations : {20u, 5u, 12u}) {
      for (const Staleness staleness : {Staleness{2}, kBulkSynchronous}) {
        std::uint64_t calls = 0;
        double first_read = -1.0;
        const auto ended = job.iterate({.iterations = iterations, .staleness = staleness}, [&](Iteration& it) {
          const double value = numbers_of(it.get(kKey).payload)[0];
          if (it.clock().value == 0 && staleness.is_bulk_synchronous()) first_read = value;
          EXPECT_EQ(it.clock().value, calls++);
          it.update(kKey, add_one_to(0));
        });
        EXPECT_EQ(ended.clock, Clock{iterations});
        EXPECT_EQ(calls, iterations);
        if (staleness.is_bulk_synchronous()) {
          EXPECT_EQ(first_read, 0.0) << "left over from the last time";
        }
        if (job.hosts_shard()) {
          EXPECT_EQ(result_of(job), std::vector<double>{static_cast<double>(3 * iterations)});
        }
      }
    }
  });
}

TEST_P(JobContract, NoIterationsEndAtOnce) {
  run(2, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    const auto ended =
        job.iterate({.iterations = 0, .staleness = {1}, .time_limit_seconds = 3.0}, [](Iteration&) { ADD_FAILURE(); });
    EXPECT_EQ(ended.stop.reason, ps::StopReason::iterations_done);
    EXPECT_EQ(ended.clock, Clock{0});
  });
}

TEST_P(JobContract, ATimeLimitStopsEverybodyAlike) {
  const double start = monotonic_seconds();
  run(3, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    const auto ended = job.iterate({.staleness = {2}, .time_limit_seconds = 0.2}, [](Iteration& it) {
      (void)it.get(kKey);
      it.update(kKey, add_one_to(0));
    });
    EXPECT_EQ(ended.stop.reason, ps::StopReason::time_limit);
    EXPECT_GT(ended.clock, Clock{0});
    if (job.hosts_shard()) {
      EXPECT_NEAR(ended.seconds, 0.2, 0.5);
    }
  });
  EXPECT_LT(monotonic_seconds() - start, 5.0);
}

TEST_P(JobContract, ATimeLimitCutsAStragglersSleepShort) {
  const double start = monotonic_seconds();
  run(2, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    const StragglerSpec slow{.worker = WorkerId{1}, .slowdown = 10'000.0, .duration_seconds = 0.0};
    const auto ended = job.iterate({.staleness = {2}, .straggler = slow, .time_limit_seconds = 0.2}, [](Iteration& it) {
      it.compute([] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); });  // 50 s with its delay
    });
    EXPECT_EQ(ended.stop.reason, ps::StopReason::time_limit);
  });
  EXPECT_LT(monotonic_seconds() - start, 5.0);
}

/// A policy that stops the job, or throws, after some merges.
class EndingPolicy final : public ps::MergePolicy {
 public:
  EndingPolicy(std::uint64_t merges, bool throws) : left_(merges), throws_(throws) {}
  void merge(WorkerId, Clock, std::span<const std::byte>) override {
    if (left_ > 0) --left_;
    if (left_ == 0 && throws_) throw RuntimeFailure("the policy has had enough");
  }
  ps::Settlement settle(const ps::SettleContext&) override {
    ps::Settlement settled{.changed = true, .stop = {}};
    if (left_ == 0) settled.stop = ps::StopReason::converged;
    return settled;
  }
  void write_row(Bytes& row) const override { ByteWriter(row).value(left_); }

 private:
  std::uint64_t left_;
  bool throws_;
};

ps::RowSpec ending_row(std::uint64_t merges, bool throws) {
  return {.capacity = {.row_bytes = 8, .update_bytes = 8},
          .own_updates = ps::OwnUpdates::application,
          .make_policy = [=] { return std::make_unique<EndingPolicy>(merges, throws); }};
}

TEST_P(JobContract, AnyShardsPolicyStopsTheWholeJob) {
  for (const std::uint32_t stopping : {0u, 1u}) {
    std::vector<ps::RowSpec> rows{ending_row(1'000'000'000, false), ending_row(1'000'000'000, false)};
    rows[stopping] = ending_row(20, false);
    const double start = monotonic_seconds();
    run(3, {.rows = rows, .shards = 2}, [&](Job& job) {
      const auto ended = job.iterate({.staleness = {2}, .time_limit_seconds = 10.0}, [&](Iteration& it) {
        for (const std::uint32_t k : {0u, 1u}) it.update({k}, Bytes(8));
      });
      EXPECT_EQ(ended.stop.reason, ps::StopReason::converged) << "stopped by shard " << stopping;
    });
    EXPECT_LT(monotonic_seconds() - start, 5.0);
  }
}

/// What run() throws; empty where it throws nothing.
std::string failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

TEST_P(JobContract, APolicyThatThrowsEndsTheJobEverywhereWithItsMessage) {
  const double start = monotonic_seconds();
  std::atomic<int> ended_well = 0;
  const std::string failure = failure_of([&] {
    run(3, {.rows = {ending_row(20, true)}}, [&](Job& job) {
      (void)job.iterate({.staleness = {2}}, [](Iteration& it) { it.update(kKey, Bytes(8)); });
      ++ended_well;
    });
  });
  EXPECT_EQ(failure, "the policy has had enough");
  EXPECT_EQ(ended_well, 0);
  EXPECT_LT(monotonic_seconds() - start, 8.0);
}

TEST_P(JobContract, ABodyThatThrowsEndsTheJobEverywhereWithItsMessage) {
  for (const std::uint32_t thrower : {0u, 1u, 2u}) {
    const double start = monotonic_seconds();
    std::atomic<int> ended_well = 0;
    const std::string failure = failure_of([&] {
      run(3, {.rows = {ps::add_row({0})}}, [&](Job& job) {
        (void)job.iterate({.staleness = {1}}, [&](Iteration& it) {
          (void)it.get(kKey);
          if (it.worker().value == thrower && it.clock().value == 10)
            throw std::logic_error("the body of one worker is wrong");
          it.update(kKey, add_one_to(0));
        });
        ++ended_well;
      });
    });
    EXPECT_EQ(failure, "the body of one worker is wrong") << "thrown by worker " << thrower;
    EXPECT_EQ(ended_well, 0);
    EXPECT_LT(monotonic_seconds() - start, 8.0);
  }
}

TEST_P(JobContract, OptionsThatDifferAreRefused) {
  const std::string failure = failure_of([&] {
    run_threads(2, [&](transport::Bootstrap& bootstrap) {
      const auto transport = GetParam().make();
      Job job(bootstrap, *transport, {.rows = {ps::add_row(std::vector<double>(bootstrap.rank().value + 1))}});
    });
  });
  EXPECT_NE(failure.find("differently"), std::string::npos) << failure;
}

/// What it throws as an InputError.
std::string refusal_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("no InputError: ") + error.what();
  }
  return "accepted";
}

TEST_P(JobContract, OptionsThatCannotBeAreRefused) {
  const auto refusal = [&](const JobOptions& options) {
    return refusal_of([&] { run(2, options, [](Job&) { ADD_FAILURE(); }); });
  };
  const std::vector rows{ps::add_row({0})};
  EXPECT_EQ(refusal({.rows = rows, .shards = 0}), "JobOptions::shards is 0; accepted: 1 or more");
  for (const double timeout : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_NE(refusal({.rows = rows, .heartbeat_timeout_seconds = timeout}).find("accepted: more than 0"),
              std::string::npos);
  EXPECT_EQ(refusal({.rows = {rows[0], {.capacity = {8, 8}, .make_policy = nullptr}}}),
            "JobOptions::rows: the row of key 1 has no make_policy");
}

TEST_P(JobContract, MoreShardsThanWorkersAreAsManyAsWorkers) {
  run(2, {.rows = {ps::add_row({0})}, .shards = 9}, [](Job& job) { EXPECT_TRUE(job.hosts_shard()); });
}

TEST_P(JobContract, AKeyWithoutARowEndsTheJobWithAnInputError) {
  const std::string refusal = refusal_of([&] {
    run(2, {.rows = {ps::add_row({0})}}, [&](Job& job) {
      (void)job.iterate({.staleness = {1}}, [](Iteration& it) {
        (void)it.get(kKey);
        if (it.worker().value == 1 && it.clock().value == 3) (void)it.get_newer({1}, {});
      });
    });
  });
  EXPECT_EQ(refusal, "there is no row of key 1, only 0 to 0");
}

TEST_P(JobContract, APolicyIsGivenOnlyWhereItIs) {
  run(2, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    const auto refusal = [&](ps::Key key) { return refusal_of([&] { (void)job.policy(key); }); };
    const bool is_host = job.worker().value == 0;
    EXPECT_EQ(refusal(kKey), is_host ? "row 0 has a policy from the first iterate() to close() only"
                                     : "worker 1 has no policy of row 0: worker 0 hosts it");
    (void)job.iterate({.iterations = 1}, [](Iteration&) {});
    EXPECT_EQ(refusal(kKey), is_host ? "accepted" : "worker 1 has no policy of row 0: worker 0 hosts it");
    EXPECT_EQ(refusal({1}), "there is no row of key 1, only 0 to 0");
  });
}

void expect_sane(const Trace& trace, WorkerId worker, Staleness staleness, std::uint64_t iterations) {
  ASSERT_EQ(trace.size(), iterations);
  double last_end = 0.0;
  Version last_version;
  for (std::size_t c = 0; c < trace.size(); ++c) {
    const TraceRow& row = trace[c];
    EXPECT_EQ(row.worker, worker);
    EXPECT_EQ(row.clock, Clock{c});
    EXPECT_GE(row.start, last_end);
    EXPECT_LE(row.start, row.end);
    for (const double part : {row.wait, row.get, row.compute, row.straggle, row.update, row.put}) EXPECT_GE(part, 0.0);
    EXPECT_LE(row.put, row.update + 1e-6);
    EXPECT_LE(row.wait + row.get + row.compute + row.straggle + row.update, row.end - row.start + 1e-6);
    EXPECT_GE(row.compute, 0.0005);
    EXPECT_LE(row.staleness, staleness.value);
    EXPECT_GE(row.version, last_version);
    EXPECT_GT(row.version, Version{0});
    last_end = row.end;
    last_version = row.version;
  }
}

TEST_P(JobContract, TheTraceAddsUp) {
  for (const Staleness staleness : {kBulkSynchronous, Staleness{2}}) {
    const double start = monotonic_seconds();
    run(3, {.rows = {ps::add_row({0})}}, [&](Job& job) {
      const StragglerSpec slow{.worker = WorkerId{1}, .slowdown = 4.0, .duration_seconds = 0.0};
      const auto ended = job.iterate({.iterations = 25, .staleness = staleness, .straggler = slow}, [&](Iteration& it) {
        (void)it.get(kKey);
        const double result = it.compute([] {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
          return 7.0;
        });
        EXPECT_EQ(result, 7.0);
        it.update(kKey, add_one_to(0));
        it.note({.objective = 0.25, .gap = 0.5, .work = 99});
      });
      expect_sane(ended.trace, job.worker(), staleness, 25);
      for (const TraceRow& row : ended.trace) {
        EXPECT_EQ(row.note.gap, 0.5);
        EXPECT_EQ(row.note.objective, 0.25);
        EXPECT_EQ(row.note.work, 99u);
        if (job.worker().value != 1) {
          EXPECT_EQ(row.straggle, 0.0);
        } else {
          EXPECT_GE(row.straggle, 2.9 * row.compute);
        }
      }
      EXPECT_LT(ended.trace.back().end, monotonic_seconds() - start + 1.0);
    });
  }
}

TEST_P(JobContract, TheRecordSaysWhatCarriesTheJob) {
  run(2, {.rows = {ps::add_row({0})}}, [&](Job& job) {
    EXPECT_EQ(job.transport_record().native, GetParam().one_sided == transport::OneSided::native);
    EXPECT_FALSE(job.transport_record().lanes.empty());
    EXPECT_EQ(job.transport_record().name, GetParam().make()->name());
    EXPECT_EQ(job.workers(), 2u);
    EXPECT_EQ(job.hosts_shard(), job.worker().value == 0);
  });
}

INSTANTIATE_TEST_SUITE_P(Backends, JobContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);

}  // namespace
}  // namespace wolfpack::runtime
