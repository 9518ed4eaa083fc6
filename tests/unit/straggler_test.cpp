#include "runtime/straggler.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "base/time.hpp"

namespace wolfpack::runtime {
namespace {

std::string refusal(const std::string& text, std::size_t workers = 4) {
  try {
    (void)StragglerSpec::parse(text, workers);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

/// Who is slow at a time; a failure unless it is exactly one.
std::uint32_t straggler_at(const StragglerSpec& spec, std::size_t workers, std::uint64_t seed, double now) {
  std::uint32_t found = 0, count = 0;
  for (std::uint32_t i = 0; i < workers; ++i)
    if (straggler_delay_seconds(spec, {i}, workers, seed, now, 1.0) > 0) found = i, ++count;
  EXPECT_EQ(count, 1u) << "at " << now;
  return found;
}

TEST(Straggler, ParsesAFixedWorker) {
  const auto spec = StragglerSpec::parse("worker=2,slowdown=10", 4);
  EXPECT_EQ(spec.worker, WorkerId{2});
  EXPECT_DOUBLE_EQ(spec.slowdown, 10.0);
}

TEST(Straggler, ParsesARandomWorkerInAnyOrderOfFields) {
  const auto spec = StragglerSpec::parse("duration=0.5,slowdown=5,worker=random", 4);
  EXPECT_FALSE(spec.worker.has_value());
  EXPECT_DOUBLE_EQ(spec.slowdown, 5.0);
  EXPECT_DOUBLE_EQ(spec.duration_seconds, 0.5);
}

TEST(Straggler, RefusesWhatIsWrongAndNamesTheFieldAndWhatIsAccepted) {
  using ::testing::AllOf;
  using ::testing::HasSubstr;
  using ::testing::Not;
  const std::pair<const char*, const char*> cases[] = {
      {"", "no worker"},
      {"slowdown=2", "no worker"},
      {"worker=1", "no slowdown"},
      {"worker=1,slowdown=2,worker=2", "twice"},
      {"worker=4,slowdown=2", "0 to 3"},
      {"worker=-1,slowdown=2", "0 to 3"},
      {"worker=1.5,slowdown=2", "0 to 3"},
      {"worker=one,slowdown=2", "worker"},
      {"worker=1,slowdown=0.5", "slowdown"},
      {"worker=1,slowdown=", "slowdown"},
      {"worker=1,slowdown=nan", "slowdown"},
      {"worker=1,slowdown=inf", "slowdown"},
      {"worker=1,slowdown=2x", "slowdown"},
      {"worker=1,slowdown=2,duration=3", "random"},
      {"worker=random,slowdown=2", "duration"},
      {"worker=random,slowdown=2,duration=0", "duration"},
      {"worker=random,slowdown=2,duration=-3", "duration"},
      {"worker=random,slowdown=2,duration=1e-9", "duration"},
      {"worker=1,slowdown=2,colour=red", "colour"},
      {"worker", "field=value"},
  };
  for (const auto& [text, part] : cases)
    EXPECT_THAT(refusal(text),
                AllOf(HasSubstr("--straggler"), HasSubstr(part), HasSubstr("accepted:"), Not(HasSubstr("\n"))))
        << text;
}

TEST(Straggler, TheDelayMakesTheFactorOfTheOwnComputeTime) {
  const auto spec = StragglerSpec::parse("worker=1,slowdown=10", 3);
  EXPECT_DOUBLE_EQ(straggler_delay_seconds(spec, {1}, 3, 0, 5.0, 0.25), 9 * 0.25);
  EXPECT_DOUBLE_EQ(straggler_delay_seconds(spec, {0}, 3, 0, 5.0, 0.25), 0.0);
  EXPECT_DOUBLE_EQ(straggler_delay_seconds(StragglerSpec::parse("worker=1,slowdown=1", 3), {1}, 3, 0, 5.0, 0.25), 0.0);
}

TEST(Straggler, ARandomOneIsTheSameForAllWhoAskAndLastsItsDuration) {
  const auto spec = StragglerSpec::parse("worker=random,slowdown=5,duration=12", 5);
  for (std::uint64_t slot = 0; slot < 200; ++slot) {
    const double begin = static_cast<double>(slot) * 12.0;
    const auto first = straggler_at(spec, 5, 7, begin);
    for (const double later : {0.1, 6.0, 11.999}) ASSERT_EQ(straggler_at(spec, 5, 7, begin + later), first);
  }
}

TEST(Straggler, ARandomOneIsNeverTheSameTwiceRunning) {
  for (const std::size_t workers : {2u, 3u, 8u}) {
    const auto spec = StragglerSpec::parse("worker=random,slowdown=5,duration=1", workers);
    for (std::uint64_t seed = 0; seed < 5; ++seed)
      for (int slot = 0; slot < 300; ++slot)
        ASSERT_NE(straggler_at(spec, workers, seed, slot + 0.5), straggler_at(spec, workers, seed, slot + 1.5));
  }
}

TEST(Straggler, EveryWorkerHasItsTurnAndSeedsDiffer) {
  const auto spec = StragglerSpec::parse("worker=random,slowdown=5,duration=1", 5);
  std::set<std::vector<std::uint32_t>> histories;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    std::vector<std::uint32_t> history;
    for (int slot = 0; slot < 60; ++slot) history.push_back(straggler_at(spec, 5, seed, slot + 0.5));
    EXPECT_EQ(std::set<std::uint32_t>(history.begin(), history.end()).size(), 5u);
    histories.insert(history);
  }
  EXPECT_EQ(histories.size(), 10u);
}

/// Where clocks of two hosts were compared, the first iterations may come a little before the start.
TEST(Straggler, BeforeTheStartItIsTheFirstOne) {
  const auto spec = StragglerSpec::parse("worker=random,slowdown=5,duration=0.001", 5);
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (const double early : {-0.0001, -0.0025, -0.0137, -1.0})
      EXPECT_EQ(straggler_at(spec, 5, seed, early), straggler_at(spec, 5, seed, 0.0));
}

TEST(Straggler, ALoneWorkerIsAlwaysTheStraggler) {
  const auto spec = StragglerSpec::parse("worker=random,slowdown=5,duration=1", 1);
  for (int slot = 0; slot < 10; ++slot) EXPECT_EQ(straggler_at(spec, 1, 3, slot), 0u);
}

TEST(Straggler, TheQuestionStaysCheapHoweverManyDurationsHavePassed) {
  // It is asked once an iteration: a day of a load that changes every second must not cost the iteration anything.
  const auto spec = StragglerSpec::parse("worker=random,slowdown=5,duration=1", 4);
  const double start = monotonic_seconds();
  for (int i = 0; i < 100; ++i) (void)straggler_delay_seconds(spec, {0}, 4, 1, 86'400.0, 1.0);
  EXPECT_LT((monotonic_seconds() - start) / 100, 0.01);
}

}  // namespace
}  // namespace wolfpack::runtime
