// Outputs that are no files, or not such as a command writes, are refused before the run and stay what they are.
#include <algorithm>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/lasso_run.hpp"

namespace wolfpack::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Texts = std::vector<std::string>;

/// They would be replaced by files.
TEST(BadOutput, IsRefused) {
  const ScratchDirectory scratch;
  const std::string good = scratch.write("good.libsvm", "1 1:1 2:0.5\n2 1:0.25 3:1\n");
  const auto refused = [](const Texts& arguments, const std::string& named) {
    SCOPED_TRACE(fmt::format("wolfpack {}", fmt::join(arguments, " ")));
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(named));
    EXPECT_THAT(outcome.err, AnyOf(HasSubstr("accepted"), HasSubstr("expected")));
  };
  fs::create_directory(scratch.path("run"));
  const Texts lasso{"lasso", "--data", good, "--beta", "1", "--workers", "2"};
  const Texts logistic{"logistic", "--data", good, "--workers", "2"};
  const Texts latency{"latency", "--operation", "put", "--size", "8", "--iterations", "1", "--quiet"};
  const auto with = [](Texts arguments, const Texts& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  for (const auto& [command, name] : std::vector<std::pair<Texts, std::string>>{{lasso, "result.json"},
                                                                                {lasso, "coefficients.csv"},
                                                                                {lasso, "trace.jsonl"},
                                                                                {lasso, "path.csv"},
                                                                                {logistic, "objectives.csv"},
                                                                                {latency, "latency.json"},
                                                                                {latency, "latency.html"}}) {
    const std::string pipe = scratch.path("run/" + name);
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    refused(with(command, {"--output", scratch.path("run")}), pipe);
    EXPECT_TRUE(fs::is_fifo(pipe)) << name;
    fs::remove(pipe);
    EXPECT_TRUE(fs::is_empty(scratch.path("run"))) << name;
  }
  const std::string pipe = scratch.path("pipe.libsvm"), predicted = scratch.path("pipe.csv");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(predicted.c_str(), 0600), 0);
  const Texts generate{"generate", "--rows", "10", "--columns", "200", "--density", "0.5"};
  const std::string model = scratch.write("model.csv", "index,value\n0,1\n");
  const Texts predict{"predict", "--data", good, "--model", model};
  refused(with(lasso, {"--record", pipe}), pipe);
  refused(with(generate, {"--output", pipe}), pipe);
  refused(with(predict, {"--output", predicted}), predicted);
  EXPECT_TRUE(fs::is_fifo(pipe) && fs::is_fifo(predicted));

  for (const char* name : {"folder", "folder.libsvm", "folder.csv"}) {
    fs::create_directory(scratch.path(name));
    refused(with(generate, {"--output", scratch.path(name)}), "is a directory");
    refused(with(predict, {"--output", scratch.path(name)}), "is a directory");
  }
  for (const char* name : {"g.csv", "g.npy", "g", "g.libsvm.bz2", "g.gz"}) {
    refused(with(generate, {"--output", scratch.path(name)}), ".libsvm or .svm");
    EXPECT_FALSE(fs::exists(scratch.path(name)));
  }
  for (const Texts& command : {lasso, logistic, latency, generate, predict})
    refused(with(command, {"--output", ""}), "--output \"\"");
}

}  // namespace
}  // namespace wolfpack::testing
