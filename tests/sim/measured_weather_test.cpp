// Runs whose latencies come from a result of `wolfpack latency`: the virtual time follows the file, and a file that is
// no such result is refused in one line. The file of these tests is an example: its figures are made up.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "base/time.hpp"
#include "ps/value.hpp"
#include "tests/sim/lasso_scenario.hpp"
#include "tests/sim/scenario.hpp"

namespace wolfpack::sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Operation = LatencyTable::Operation;

const std::string kExample = std::string(WOLFPACK_SOURCE_DIR) + "/tests/sim/latencies_example.json";

std::string example_text() {
  std::ifstream in(kExample);
  return {std::istreambuf_iterator<char>(in), {}};
}
/// The example, once with an edit.
std::string edited(const std::string& from, const std::string& to) {
  std::string text = example_text();
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}
LatencyTable example(double factor = 1.0) { return LatencyTable::read(kExample).times(factor); }
LatencyTable emulated_example(double factor = 1.0) {
  return LatencyTable::from_text(edited(R"("one_sided": "native")", R"("one_sided": "emulated")"), "it").times(factor);
}

TEST(LatencyTable, GivesTheMeasuredQuantilesAndStraightLinesBetweenTheSizes) {
  const LatencyTable table = example();
  EXPECT_FALSE(table.is_emulated());
  EXPECT_NEAR(table.seconds(Operation::put, 8, 0.5), 5e-6, 1e-12);
  EXPECT_NEAR(table.seconds(Operation::get, 8192, 0.5), 16e-6, 1e-12);
  EXPECT_NEAR(table.seconds(Operation::get, 8, 0.0), 8e-6, 1e-12);
  EXPECT_NEAR(table.seconds(Operation::get, 8, 0.06), 8.5e-6, 1e-12) << "half way through the first bucket";
  EXPECT_NEAR(table.seconds(Operation::get, 8, 1.0), 120e-6, 1e-11);
  EXPECT_NEAR(table.seconds(Operation::put, 64, 0.5), std::sqrt(5e-6 * 5.5e-6), 1e-12) << "between 8 and 512 bytes";
  EXPECT_NEAR(table.seconds(Operation::put, 1, 0.5), 5e-6, 1e-12) << "as the smallest";
  EXPECT_NEAR(table.seconds(Operation::put, 131072, 0.5), 40e-6, 1e-12) << "as many bytes a second as the largest";
  EXPECT_NEAR(example(10).seconds(Operation::put, 8, 0.5), 50e-6, 1e-11);
  EXPECT_TRUE(emulated_example().is_emulated());
}

TEST(LatencyTable, TakesAllPairsOfASizeTogether) {
  const LatencyTable table = LatencyTable::from_text(
      R"({"settings": {"one_sided": "native"}, "results": [
          {"operation": "get", "bytes": 8, "time": "whole", "histogram": [{"from_us": 1, "to_us": 2, "count": 10}]},
          {"operation": "get", "bytes": 8, "time": "whole", "histogram": [{"from_us": 7, "to_us": 8, "count": 30}]},
          {"operation": "fetch_add", "bytes": 8, "time": "whole"},
          {"operation": "put", "bytes": 8, "time": "half a round trip",
           "histogram": [{"from_us": 1, "to_us": 2, "count": 1}]}]})",
      "it");
  EXPECT_NEAR(table.seconds(Operation::get, 8, 0.25), 2e-6, 1e-12);
  EXPECT_NEAR(table.seconds(Operation::get, 8, 0.625), 7.5e-6, 1e-12);
}

std::string refusal(const std::string& text) {
  try {
    (void)LatencyTable::from_text(text, "some.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "it was accepted";
}

TEST(LatencyTable, RefusesWhatIsNoResultInOneLineThatNamesThePlace) {
  struct Case {
    std::string text;
    const char* says;
  };
  const Case cases[] = {
      {"{\"settings\":", "not valid JSON"},
      {"[1]", "a JSON object"},
      {"{}", "\"settings\" is missing"},
      {edited(R"("one_sided": "native", "ranks")", R"("one_sided": "magic", "ranks")"),
       "settings: one_sided: \"magic\""},
      {edited("half a round trip", "whole"), "results[0]: time: \"whole\"; accepted: half a round trip"},
      {edited(R"("bytes": 8,)", R"("bytes": -8,)"), "results[0]: bytes: -8; accepted: a whole number"},
      {edited(R"("from_us": 4.0)", R"("from_us": "x")"),
       "results[0]: histogram[0]: from_us: \"x\"; accepted: a number"},
      {edited(R"("to_us": 4.5)", R"("to_us": 1)"), "results[0]: histogram[0]: to_us: 1; accepted: a number, 4 or more"},
      {edited(R"("count": 120)", R"("count": 0)"), "histogram[0]: count: 0"},
      {edited(R"("count": 120)", R"("number": 7)"), "histogram[0]: \"count\" is missing"},
      {R"({"settings": {"one_sided": "native"}, "results": []})", "no put; accepted"},
      {R"({"settings": {"one_sided": "native"}, "results": {}})", "results: {}; accepted: a list"},
      {R"({"settings": {"one_sided": "native"}, "results":
           [{"operation": "put", "bytes": 8, "time": "half a round trip", "histogram": []}]})",
       "histogram: []; accepted: buckets"}};
  for (const Case& refused : cases)
    EXPECT_THAT(refusal(refused.text),
                AllOf(StartsWith("some.json"), HasSubstr(refused.says), HasSubstr("accepted"), Not(HasSubstr("\n"))));
}

/// What operations of one channel take, one after another, in virtual time.
std::vector<double> operation_seconds(const LatencyTable& table, Operation operation, std::size_t bytes) {
  constexpr int kOperations = 400;
  std::vector<double> took;
  Simulation simulation({.seed = 5, .switch_share = 0.0, .stall_share = 0.0});
  Network network(simulation, Weather::measured(table), 2);
  std::unique_ptr<transport::Region> region;
  bool is_over = false;
  const auto target = [&] {
    const auto transport = network.transport(1);
    region = transport->allocate(bytes, transport::MemoryKind::host);
    while (!is_over) {
      while (transport->serve()) {
      }
      transport->wait_for_requests(1e-3);
    }
    region.reset();
  };
  const auto initiator = [&] {
    const auto transport = network.transport(0);
    const auto channel = transport->open_channel();
    while (!region) sleep_seconds(1e-6);
    const auto peer = channel->connect(network.transport(1)->address(), "target");
    const auto remote = channel->open(peer, region->descriptor());
    Bytes mine(bytes);
    for (int i = 0; i < kOperations; ++i) {
      transport::Completion done;
      const double start = monotonic_seconds();
      // A put's way is seen at its end: its last byte is another one.
      if (operation == Operation::put) mine.back() = static_cast<std::byte>(1 + i % 200);
      (operation == Operation::get ? channel->get(remote, 0, mine, done) : channel->put(remote, 0, mine, done))
          .or_throw();
      const auto is_done = [&] {
        return operation == Operation::get ? done.done() : done.done() && region->bytes().back() == mine.back();
      };
      for (channel->progress(); !is_done(); channel->progress()) simulation.rest(1e-8);
      took.push_back(monotonic_seconds() - start);
      // What came before its end is there as well; nothing of it is under way when the next one starts.
      sleep_seconds(1e-3);
      channel->progress();
    }
    is_over = true;
  };
  EXPECT_EQ(simulation.run({initiator, target}), "");
  std::sort(took.begin(), took.end());
  return took;
}

TEST(MeasuredWeather, OperationsTakeWhatTheFileSays) {
  for (const LatencyTable& table : {example(), emulated_example()})
    for (const auto operation : {Operation::put, Operation::get})
      for (const std::size_t bytes : {8u, 600u, 8192u}) {
        const std::vector<double> took = operation_seconds(table, operation, bytes);
        const double served = 0.05 * table.seconds(operation, bytes, 0.5);  // the example's buckets are a tenth wide
        EXPECT_NEAR(took[took.size() / 2], table.seconds(operation, bytes, 0.5), served)
            << (table.is_emulated() ? "emulated" : "native") << ", " << bytes << " bytes";
        // The first and the ninth tenth lie apart, as in the file: latencies are drawn, not set to the median.
        EXPECT_NEAR(took[took.size() / 10], table.seconds(operation, bytes, 0.1), 2 * served);
        EXPECT_NEAR(took[took.size() * 9 / 10], table.seconds(operation, bytes, 0.9), 3 * served);
      }
}

/// Virtual seconds of 20 bulk-synchronous iterations that do nothing but read and write.
double iterating_seconds(const LatencyTable& table) {
  double seconds = 0.0;
  SimulatedJob simulated({.seed = 11, .workers = 3, .weather = Weather::measured(table)});
  const auto outcome = simulated.run({.rows = {ps::add_row(std::vector<double>(100))}}, [&](runtime::Job& job) {
    const auto ended = job.iterate({.iterations = 20, .staleness = kBulkSynchronous}, [](runtime::Iteration& it) {
      (void)it.get({0});
      it.update({0}, ps::encode_dense(std::vector<double>(100, 1.0)));
    });
    if (job.worker().value == 0) seconds = ended.seconds;
    job.close();
  });
  EXPECT_EQ(outcome.problem(), "");
  return seconds;
}

TEST(MeasuredWeather, AnIterationTakesLongerByWhatLatenciesDo) {
  for (const bool is_emulated : {false, true}) {
    const auto table = [&](double factor) { return is_emulated ? emulated_example(factor) : example(factor); };
    const double once = iterating_seconds(table(100)), tenfold = iterating_seconds(table(1000));
    std::cout << once << " s, " << tenfold << " s\n";
    EXPECT_GT(tenfold, 4 * once);
    EXPECT_LT(tenfold, 11 * once) << "the threads' own steps do not take longer";
    // A clock takes at least the way of the tail, of the newest word and of a get.
    const double least = 2 * table(1000).seconds(Operation::put, 8, 0.0) + table(1000).seconds(Operation::get, 8, 0.0);
    EXPECT_GT(tenfold, 20 * least);
  }
}

TEST(MeasuredWeather, ALassoRunFollowsTheFileAndComesToTheSameAnswer) {
  LassoScenario scenario;
  scenario.workers = 3;
  scenario.staleness = kBulkSynchronous;
  scenario.compute_seconds = 1e-7;
  frank_wolfe::SolveResult once, tenfold;
  scenario.weather = Weather::measured(example(100));
  ASSERT_EQ(scenario.run(&once), "") << scenario.describe();
  scenario.weather = Weather::measured(example(1000));
  ASSERT_EQ(scenario.run(&tenfold), "") << scenario.describe();
  std::cout << once.seconds << " s, " << tenfold.seconds << " s, " << once.clocks << " clocks\n";
  EXPECT_EQ(once.iterate.objective, tenfold.iterate.objective);
  EXPECT_EQ(once.clocks, tenfold.clocks);
  EXPECT_GT(tenfold.seconds, 4 * once.seconds);
  EXPECT_LT(tenfold.seconds, 11 * once.seconds);
  EXPECT_GT(*runtime::transport_share(tenfold.trace), 0.0);
  EXPECT_LT(*runtime::transport_share(tenfold.trace), 1.0);
}

/// All rules hold in it too, in runs of all kinds.
TEST(MeasuredWeather, HoldsEveryRule) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Scenario scenario = Scenario::of(seed);
    scenario.weather = Weather::measured(seed % 2 == 0 ? example() : emulated_example());
    scenario.weather->largest_piece = 8 << seed % 10;
    EXPECT_EQ(scenario.run(), "") << scenario.describe();
  }
}

class AskedWeather : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* value = std::getenv(kVariable)) before_ = value;
  }
  void TearDown() override {
    if (before_)
      setenv(kVariable, before_->c_str(), 1);
    else
      unsetenv(kVariable);
  }
  static constexpr const char* kVariable = "WOLFPACK_SIM_LATENCIES";

 private:
  std::optional<std::string> before_;
};

TEST_F(AskedWeather, IsTheFilesAndLeavesTheSeedsOtherChoicesAsTheyAre) {
  unsetenv(kVariable);
  Random random(3), same(3);
  const Weather ordinary = Weather::today(random);
  EXPECT_EQ(ordinary.latencies, nullptr);
  setenv(kVariable, kExample.c_str(), 1);
  const Weather asked = Weather::today(same);
  ASSERT_NE(asked.latencies, nullptr);
  EXPECT_FALSE(asked.emulated);
  EXPECT_EQ(asked.largest_piece, ordinary.largest_piece);
  EXPECT_EQ(random(), same());
  EXPECT_THAT(asked.describe(), HasSubstr("latencies_example.json"));
}

TEST_F(AskedWeather, OfAFileThatIsNotThereIsRefused) {
  setenv(kVariable, "/nowhere/latency.json", 1);
  try {
    SimulatedJob job({.seed = 1, .workers = 1});
    FAIL() << "it ran";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(StartsWith("WOLFPACK_SIM_LATENCIES: /nowhere/latency.json: cannot be read"),
                                    HasSubstr("accepted: a file of what `wolfpack latency --json` prints")));
  }
}

}  // namespace
}  // namespace wolfpack::sim
