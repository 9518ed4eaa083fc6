#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "experiments/report/latency_run.hpp"
#include "tests/unit/latency_fixture.hpp"

namespace wolfpack::report {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::string complaint(const std::filesystem::path& directory) {
  try {
    (void)read_latency_run(directory);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(LatencyRun, ReadsWhatTheCommandWrote) {
  LatencyDirectory directory("LatencyRun");
  directory.settings()["cores"] = {3, nullptr};
  directory.settings()["quiet"] = false;
  directory.settings()["disturbances"] = {"a compiler ran"};
  directory.results()[0]["p99_9_us"] = nullptr;
  const LatencyRun run = read_latency_run(directory.write());
  EXPECT_EQ(run.transport, "shm");
  EXPECT_EQ(run.cores[0], 3);
  EXPECT_FALSE(run.cores[1].has_value());
  EXPECT_FALSE(run.is_quiet);
  EXPECT_THAT(run.disturbances, ElementsAre("a compiler ran"));
  ASSERT_EQ(run.results.size(), 4u);
  const LatencyResult& put = run.results[0];
  EXPECT_TRUE(put.is_half_round_trip);
  EXPECT_EQ(put.target, 1);
  EXPECT_EQ(put.p99_us, 3.0 * 0.05);
  EXPECT_FALSE(put.p99_9_us.has_value());
  EXPECT_EQ(put.round_p50_us.size(), 3u);
  ASSERT_EQ(put.histogram.size(), 2u);
  EXPECT_EQ(put.histogram[1].count, 1000);
  EXPECT_FALSE(run.results[3].target.has_value());
  EXPECT_FALSE(run.results[3].is_half_round_trip);
}

TEST(LatencyRun, KeepsEverySettingAsAPersonWouldWriteIt) {
  LatencyDirectory directory("LatencyRun");
  directory.settings()["mystery"] = {{"depth", 2}};
  const LatencyRun run = read_latency_run(directory.write());
  const auto value = [&](const std::string& name) {
    for (const Setting& setting : run.settings)
      if (setting.name == name) return setting.value;
    return std::string("not there");
  };
  EXPECT_EQ(run.settings.front().name, "transport");
  EXPECT_EQ(value("hosts"), "hostA, hostA");
  EXPECT_EQ(value("pairs"), "0 → 1");
  EXPECT_EQ(value("bytes"), "8, 8192");
  EXPECT_EQ(value("iterations"), "null");
  EXPECT_EQ(value("disturbances"), "none");
  EXPECT_EQ(value("mystery"), "{\"depth\":2}");
}

TEST(LatencyRun, FindsTheFirstPairsResults) {
  LatencyDirectory directory("LatencyRun");
  directory.measure_all_pairs(3);
  std::swap(directory.settings()["pairs"][0], directory.settings()["pairs"][3]);
  const LatencyRun run = read_latency_run(directory.write());
  const auto results = results_of_first_pair(run);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0]->initiator, 1);
  EXPECT_EQ(results[0]->target, 2);
  EXPECT_THAT(operations_of(results), ElementsAre("put"));
  EXPECT_EQ(by_size(results, "put").back()->bytes, 1 << 20);
  EXPECT_TRUE(by_size(results, "get").empty());
}

TEST(LatencyRun, NamesTheFileThatIsMissingOrNoJson) {
  LatencyDirectory directory("LatencyRun");
  EXPECT_THAT(complaint(directory.path()),
              AllOf(HasSubstr("latency.json: cannot be read"), HasSubstr("latency --output")));
  directory.write_file("latency.json", "{\n\"settings\": {},\n oops");
  EXPECT_THAT(complaint(directory.path()), AllOf(HasSubstr("latency.json:3: not valid JSON"), Not(HasSubstr("\n"))));
  directory.write_file("latency.json", "{\"settings\": {\"ranks\": 1e999}}");
  EXPECT_THAT(complaint(directory.path()), HasSubstr("latency.json:1: "));
  directory.write_file("latency.json", "[]");
  EXPECT_THAT(complaint(directory.path()), EndsWith("latency.json:1: a JSON object is expected"));
  directory.write_file("latency.json", "{\"settings\": []}");
  EXPECT_THAT(complaint(directory.path()), EndsWith("latency.json: field \"settings\" must be an object"));
}

TEST(LatencyRun, NamesTheMissingOrMistypedSetting) {
  const auto with = [](const char* name, const nlohmann::ordered_json& value) {
    LatencyDirectory directory("LatencyRun");
    directory.settings()[name] = value;
    return complaint(directory.write());
  };
  EXPECT_THAT(with("quiet", "yes"), EndsWith("latency.json: settings: field \"quiet\" must be true or false"));
  EXPECT_THAT(with("ranks", 0), EndsWith("field \"ranks\" must be at least 1"));
  EXPECT_THAT(with("hosts", {"a"}), EndsWith("field \"hosts\" must be a list of 2 names, one a rank"));
  EXPECT_THAT(with("hosts", {"a", 7}), EndsWith("field \"hosts\" must be a list of strings"));
  EXPECT_THAT(with("cores", {0, -1}), HasSubstr("field \"cores\" must be a list of cores or nulls"));
  EXPECT_THAT(with("pairs", {{0, 2}}), EndsWith("field \"pairs\" must be a list of pairs of ranks below 2"));
  EXPECT_THAT(with("pairs", 3), EndsWith("field \"pairs\" must be a list"));
  EXPECT_THAT(with("transport", nullptr), EndsWith("field \"transport\" must be a string"));
  LatencyDirectory directory("LatencyRun");
  directory.settings().erase("hosts");
  EXPECT_THAT(complaint(directory.write()), EndsWith("latency.json: settings: field \"hosts\" is missing"));
}

TEST(LatencyRun, NamesTheResultAndItsField) {
  const auto with = [](const char* name, const nlohmann::ordered_json& value) {
    LatencyDirectory directory("LatencyRun");
    directory.results()[2][name] = value;
    return complaint(directory.write());
  };
  EXPECT_THAT(with("p50_us", nullptr), EndsWith("latency.json: results[2]: field \"p50_us\" must be a number"));
  EXPECT_THAT(with("max_us", -1), EndsWith("field \"max_us\" must be a number, 0 or more"));
  EXPECT_THAT(with("p99_us", -1), EndsWith("field \"p99_us\" must be a number, 0 or more"));
  EXPECT_THAT(with("bytes", 0.5), EndsWith("field \"bytes\" must be a whole number, 0 or more"));
  EXPECT_THAT(with("initiator", 2), EndsWith("field \"initiator\" must be a rank below 2"));
  EXPECT_THAT(with("target", 2), EndsWith("field \"target\" must be a rank below 2, or null"));
  EXPECT_THAT(with("time", "half"), EndsWith("field \"time\" must be \"half a round trip\" or \"whole\""));
  EXPECT_THAT(with("round_p50_us", {"x"}), EndsWith("field \"round_p50_us\" must be a list of numbers"));
  LatencyDirectory directory("LatencyRun");
  directory.results()[1] = 5;
  EXPECT_THAT(complaint(directory.write()), EndsWith("results[1]: a JSON object is expected"));
}

TEST(LatencyRun, RefusesHistogramsThatDoNotRise) {
  LatencyDirectory directory("LatencyRun");
  nlohmann::ordered_json& histogram = directory.results()[1]["histogram"];
  histogram[1]["from_us"] = 0.1;
  EXPECT_THAT(complaint(directory.write()),
              EndsWith("results[1]: histogram[1]: field \"from_us\" must be no less than the \"to_us\" before"));
  histogram[0]["to_us"] = 0.0;
  EXPECT_THAT(complaint(directory.write()),
              EndsWith("results[1]: histogram[0]: field \"to_us\" must be no less than \"from_us\""));
  histogram[0] = "many";
  EXPECT_THAT(complaint(directory.write()), EndsWith("results[1]: histogram[0]: a JSON object is expected"));
}

}  // namespace
}  // namespace wolfpack::report
