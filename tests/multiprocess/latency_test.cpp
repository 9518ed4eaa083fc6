// `wolfpack latency`: what it prints and writes, how it refuses, and how it ends when it is interrupted or somebody
// dies.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/few_cores.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/shared_memory_watch.hpp"
#include "transport/rdma_ports.hpp"

namespace wolfpack::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<std::string> latency(std::vector<std::string> options) {
  options.insert(options.begin(), "latency");
  return options;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string content(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(LatencyCommand, PrintsOneJsonObjectWithEverySettingAndResult) {
  const Outcome outcome = run_program(latency({"--json", "--iterations", "301", "--size", "8,8192", "--warmup", "10"}));
  ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
  const json document = json::parse(outcome.out);
  const json& settings = document.at("settings");
  EXPECT_EQ(settings.at("transport"), "shm");
  EXPECT_EQ(settings.at("one_sided"), "native");
  EXPECT_EQ(settings.at("ranks"), 2);
  EXPECT_EQ(settings.at("iterations"), 301);
  EXPECT_EQ(settings.at("warmup"), 10);
  EXPECT_EQ(settings.at("bytes"), json({8, 8192}));
  EXPECT_EQ(settings.at("quiet").get<bool>(), settings.at("disturbances").empty());
  std::vector<std::string> operations;
  for (const json& result : document.at("results")) {
    if (result.at("bytes") == 8) operations.push_back(result.at("operation"));
    EXPECT_EQ(result.at("iterations"), 301);
    EXPECT_GT(result.at("min_us"), 0.0);
    EXPECT_LE(result.at("min_us"), result.at("p50_us"));
    EXPECT_LE(result.at("p50_us"), result.at("max_us"));
    const bool is_half = result.at("operation") == "put";
    EXPECT_EQ(result.at("time"), is_half ? "half a round trip" : "whole");
    std::uint64_t counted = 0;
    for (const json& bucket : result.at("histogram")) counted += bucket.at("count").get<std::uint64_t>();
    EXPECT_EQ(counted, 301u);
  }
  EXPECT_THAT(operations,
              ElementsAre("put", "get", "fetch_add", "put_then_flag", "row_read", "update", "clock_broadcast"));
}

TEST(LatencyCommand, PrintsCsvWithAsManyFieldsInEachLine) {
  const Outcome outcome = run_program(latency({"--csv", "--iterations", "50", "--size", "8", "--transport", "tcp"}));
  ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
  const auto lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 8u);
  EXPECT_THAT(lines[0], StartsWith("operation,bytes,"));
  EXPECT_THAT(lines[1], HasSubstr("\"emulated\",\"tcp\""));
  for (const std::string& line : lines) {
    bool is_quoted = false;
    int commas = 0;
    for (const char c : line) {
      is_quoted ^= c == '"';
      commas += c == ',' && !is_quoted;
    }
    EXPECT_EQ(commas, 17) << line;
  }
}

TEST(LatencyCommand, WritesItsFilesAndReportMakesThePageAgain) {
  const ScratchDirectory scratch;
  const std::string folder = scratch.path("new/folder");
  const Outcome outcome = run_program(latency({"--output", folder, "--iterations", "200", "--size", "8,64"}));
  ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("put_then_flag"));
  EXPECT_EQ(json::parse(content(folder + "/latency.json")).at("results").size(), 12u);
  EXPECT_EQ(lines_of(content(folder + "/latency.csv")).size(), 13u);
  const std::string page = content(folder + "/latency.html");
  EXPECT_THAT(page, HasSubstr("<svg"));
  std::filesystem::remove(folder + "/latency.html");
  EXPECT_EQ(run_program({"report", folder}).exit_status, 0);
  EXPECT_EQ(content(folder + "/latency.html"), page);
}

TEST(LatencyCommand, MeasuresAllPairs) {
  const Outcome outcome = run_program(latency(
      {"--json", "--workers", "3", "--pairs", "all", "--operation", "get", "--size", "8", "--iterations", "20"}));
  ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out).at("results").size(), 6u);
}

TEST(LatencyCommand, MeasuresRanksThatShareOneCore) {
  const FewCores one(1);
  const Outcome outcome = run_program(latency({"--json", "--workers", "4", "--pairs", "0:2,3:1", "--operation",
                                               "put,update", "--size", "8", "--iterations", "20"}));
  ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out).at("results").size(), 4u);
}

struct Refused {
  std::vector<std::string> options;
  std::string says;
};

TEST(LatencyCommand, RefusesWhatItCannotMeasureInOneLine) {
  const Refused all[] = {
      {{"--operation", "teleport"}, "--operation teleport: accepted: put, get,"},
      {{"--operation", "verbs_read"}, "needs --transport rdma"},
      {{"--size", "7"}, "--size 7: accepted: multiples of 8"},
      {{"--size", "8,,16"}, "--size"},
      {{"--size", "2048M"}, "--size 2048M"},
      {{"--iterations", "0"}, "--iterations 0"},
      {{"--duration", "-1"}, "--duration -1"},
      {{"--rounds", "0"}, "--rounds 0"},
      {{"--workers", "1"}, "--workers 1"},
      {{"--pairs", "0:0"}, "--pairs 0:0"},
      {{"--pairs", "0:2"}, "there are 2 ranks"},
      {{"--pairs", "nobody"}, "--pairs nobody"},
      {{"--transport", "pigeon"}, "--transport pigeon"},
      {{"--transport", "rdma"}, "no RDMA device"},
      {{"--json", "--csv"}, "one of them"},
      {{"--output", "/dev/null/x"}, "--output"},
      {{"--frobnicate"}, "--frobnicate"},
  };
  for (const Refused& one : all) {
    if (one.says == "no RDMA device" && !transport::rdma_ports().empty()) continue;  // here is one
    const Outcome outcome = run_program(latency(one.options));
    EXPECT_EQ(outcome.exit_status, 2) << one.says;
    EXPECT_THAT(outcome.err, HasSubstr(one.says));
    EXPECT_EQ(lines_of(outcome.err).size(), 1u) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(LatencyCommand, AnInterruptStillGivesWhatWasMeasured) {
  Process program(command_line(latency({"--json", "--duration", "600", "--operation", "put,get"})));
  ::usleep(700'000);
  program.signal(SIGINT);
  const Outcome outcome = program.wait(10.0);
  EXPECT_EQ(outcome.exit_status, 3) << outcome.err;
  const json document = json::parse(outcome.out);
  EXPECT_EQ(document.at("settings").at("complete"), false);
  EXPECT_LE(document.at("results").size(), 1u);  // none where it came before the first
}

class LatencyDeaths : public ::testing::TestWithParam<const char*> {};

TEST_P(LatencyDeaths, APeerThatIsKilledIsNamedAndNothingHangs) {
  for (const int victim : {0, 1}) {
    SharedMemoryWatch watch;
    Process program(command_line(latency({"--duration", "600", "--transport", GetParam(), "--json"})));
    std::optional<pid_t> pid;
    ASSERT_TRUE(eventually(10.0, [&] { return (pid = find_worker(program, victim)).has_value(); }));
    ::usleep(300'000);
    ::kill(*pid, SIGKILL);
    const Outcome outcome = program.wait(10.0);
    EXPECT_EQ(outcome.exit_status, 1) << victim;
    EXPECT_THAT(outcome.err, HasSubstr("was killed by SIGKILL"));
    EXPECT_EQ(lines_of(outcome.err).size(), 1u) << outcome.err;
    EXPECT_THAT(watch.left_behind(), IsEmpty());
  }
}

TEST(LatencyCommand, AnInterruptInTheLastMeasurementIsTold) {
  Process program(command_line(latency({"--json", "--duration", "600", "--rounds", "1", "--operation", "get", "--size",
                                        "8", "--warmup", "1000000000"})));
  ::usleep(500'000);
  program.signal(SIGINT);
  const Outcome outcome = program.wait(10.0);
  EXPECT_EQ(outcome.exit_status, 3) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out).at("settings").at("complete"), false);
}

TEST(LatencyCommand, OutputThatCannotBeWrittenIsOneLine) {
  const Outcome outcome =
      Process(
          {"/bin/sh", "-c", std::string(kProgram) + " latency --operation get --size 8 --iterations 10 > /dev/full"})
          .wait(20.0);
  EXPECT_EQ(outcome.exit_status, 1);
  EXPECT_EQ(lines_of(outcome.err).size(), 1u) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("standard output"));
}

INSTANTIATE_TEST_SUITE_P(Transports, LatencyDeaths, ::testing::Values("shm", "tcp"));

}  // namespace
}  // namespace wolfpack::testing
