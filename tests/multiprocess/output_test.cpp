// What a run writes and says, and where: DESIGN's promises of files, streams and exit statuses that people's scripts
// rely on.
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"

namespace wolfpack::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Output : public ::testing::Test {
 protected:
  ScratchDirectory scratch_;
  std::string data_ = scratch_.write("wide.libsvm", to_svmlight(random_instance("wide", 30, 160, 1.5, 51)));

  [[nodiscard]] std::vector<std::string> lasso(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{"lasso", "--data", data_, "--beta", "1.5", "--workers", "3"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_F(Output, FolderIsMadeWithItsParentsThenReusedAndItsFilesReplaced) {
  const fs::path folder = scratch_.path("a/b/c");
  ASSERT_EQ(run_program(lasso({"--quiet", "--output", folder, "--seed", "1"})).exit_status, 0);
  const std::vector<std::string> files{"coefficients.csv", "result.json", "trace.jsonl"};
  EXPECT_EQ(names_in(folder), files) << "nothing temporary may stay";
  for (const std::string& file : files) std::ofstream(folder / file) << "old";
  std::ofstream(folder / "zz-mine.txt") << "mine";

  ASSERT_EQ(run_program(lasso({"--quiet", "--output", folder, "--seed", "2"})).exit_status, 0);
  EXPECT_EQ(read_run(folder).result.at("seed"), 2);
  EXPECT_FALSE(read_run(folder).trace.empty());
  EXPECT_EQ(ScratchDirectory::read(folder / "zz-mine.txt"), "mine");
  EXPECT_EQ(names_in(folder).size(), 4u);
}

TEST_F(Output, JsonPrintsTheResultAndNothingElseToStandardOutput) {
  const Outcome outcome = run_program(lasso({"--json", "--output", scratch_.path("run")}));
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.out, ScratchDirectory::read(scratch_.path("run/result.json")));
  EXPECT_THAT(outcome.err, HasSubstr("converged")) << "the table goes to standard error";
}

TEST_F(Output, QuietSilencesStandardError) {
  const Outcome outcome = run_program(lasso({"--quiet", "--json"}));
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(nlohmann::json::parse(outcome.out).at("status"), "converged");
}

TEST_F(Output, TableGoesToStandardError) {
  const Outcome outcome = run_program(lasso({}));
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.out, "");
  for (const char* what : {"converged", "objective", "gap", "non-zeros", "workers", "% of their time"})
    EXPECT_THAT(outcome.err, HasSubstr(what));
}

TEST_F(Output, ResultHasEveryFieldAndTheSettingsInEffect) {
  const LassoRun run = run_lasso({"--data",      data_,  "--beta",       "1.5", "--workers",   "3",
                                  "--staleness", "asp",  "--top-k",      "7",   "--tolerance", "1e-5",
                                  "--max-clock", "1000", "--time-limit", "50",  "--straggler", "worker=2,slowdown=1.5",
                                  "--seed",      "9"});
  ASSERT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
  const auto& result = run.result;
  for (const char* number : {"objective", "gap", "relative_gap", "null_objective", "beta", "l1_norm", "nonzeros",
                             "clocks", "full_passes", "bytes_read", "solve_seconds", "wall_seconds", "workers", "rows",
                             "columns", "lambda", "loss", "threads_per_worker", "transport_share"})
    EXPECT_TRUE(result.contains(number) && result.at(number).is_number()) << number;
  for (const char* text : {"status", "method", "device", "transport", "transport_requested", "transport_reason",
                           "transport_lanes", "wolfpack_version"})
    EXPECT_TRUE(result.contains(text) && !result.at(text).get<std::string>().empty()) << text;
  EXPECT_EQ(result.at("staleness"), "asp");
  EXPECT_EQ(result.at("top_k"), 7);
  EXPECT_EQ(result.at("top_k_requested"), 7);
  EXPECT_EQ(result.at("tolerance"), 1e-5);
  EXPECT_EQ(result.at("max_clock"), 1000);
  EXPECT_EQ(result.at("time_limit"), 50);
  EXPECT_EQ(result.at("straggler"), "worker=2,slowdown=1.5");
  EXPECT_EQ(result.at("seed"), 9);
  EXPECT_EQ(result.at("workers"), 3);
  EXPECT_EQ(result.at("method"), "corrective");
  EXPECT_EQ(result.at("data"), data_);
  EXPECT_EQ(result.at("transport"), "shm");
  EXPECT_THAT(result.at("transport_lanes").get<std::string>(), AnyOf(HasSubstr("native"), HasSubstr("emulated")));
  EXPECT_GT(result.at("full_passes"), 0.0);
  EXPECT_GT(result.at("bytes_read"), 0);
  EXPECT_GT(result.at("transport_share"), 0.0);
  EXPECT_LE(result.at("transport_share"), 1.0);
  EXPECT_LE(result.at("solve_seconds"), result.at("wall_seconds"));
  EXPECT_LE(result.at("wall_seconds"), run.outcome.seconds);
}

TEST_F(Output, DefaultsAreChosenAndRecorded) {
  const LassoRun run = run_lasso({"--data", data_, "--beta", "1.5"});
  ASSERT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
  EXPECT_EQ(run.result.at("workers"), std::max(1u, std::thread::hardware_concurrency()));
  EXPECT_TRUE(run.result.at("staleness").is_number() || run.result.at("staleness") == "asp");
  EXPECT_EQ(run.result.at("tolerance"), 1e-6);
  EXPECT_EQ(run.result.at("top_k_requested"), "auto");
  const int workers = run.result.at("workers");
  EXPECT_GE(run.result.at("top_k"), 10);
  EXPECT_EQ(run.result.at("top_k").get<int>() % workers, 0) << "each worker is asked for as many";
  EXPECT_EQ(run_lasso({"--data", data_, "--beta", "1.5", "--workers", "3", "--method", "away", "--max-clock", "2"})
                .result.at("top_k"),
            3)
      << "each worker's best one";
  EXPECT_TRUE(run.result.at("max_clock").is_null());
  EXPECT_TRUE(run.result.at("time_limit").is_null());
  EXPECT_EQ(run.result.at("transport_requested"), "auto");
}

TEST_F(Output, SaysWhichTransportRanAndWhy) {
  struct Case {
    const char *requested, *runs, *lanes;
  };
  for (const Case& asked :
       {Case{"auto", "shm", "native"}, Case{"shm", "shm", "native"}, Case{"tcp", "tcp", "emulated"}}) {
    const LassoRun run =
        run_lasso({"--data", data_, "--beta", "1.5", "--workers", "3", "--transport", asked.requested});
    ASSERT_EQ(run.outcome.exit_status, 0) << run.outcome.err;
    EXPECT_EQ(run.result.at("transport"), asked.runs);
    EXPECT_EQ(run.result.at("transport_requested"), asked.requested);
    EXPECT_THAT(run.result.at("transport_reason").get<std::string>(), HasSubstr(asked.requested));
    EXPECT_THAT(run.result.at("transport_lanes").get<std::string>(), HasSubstr(asked.lanes));
  }
}

/// The more of its time a run computes, straggles or waits for a straggler, the less is the transport's.
TEST_F(Output, TransportShareFallsWhereAStragglerTakesTheTime) {
  const auto share = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"--data", data_, "--beta", "1.5", "--workers", "3", "--transport", "tcp"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const LassoRun run = run_lasso(arguments);
    EXPECT_THAT(run.outcome.exit_status, AnyOf(0, 3)) << run.outcome.err;
    return run.result.at("transport_share").get<double>();
  };
  EXPECT_LT(share({"--straggler", "worker=1,slowdown=1e7", "--time-limit", "0.5"}), share({}));
}

TEST_F(Output, MaxClockEndsWithItsStatusAndAResult) {
  for (const int most : {1, 3}) {
    const LassoRun run = run_lasso(
        {"--data", data_, "--beta", "1.5", "--workers", "3", "--top-k", "1", "--max-clock", std::to_string(most)});
    EXPECT_EQ(run.outcome.exit_status, 3);
    EXPECT_EQ(run.result.at("status"), "clock_limit");
    EXPECT_EQ(run.result.at("clocks"), 3 * most);
    EXPECT_EQ(run.trace.size(), static_cast<std::size_t>(3 * most));
    EXPECT_FALSE(run.coefficients.empty());
    EXPECT_LT(run.result.at("objective"), run.result.at("null_objective"));
  }
}

TEST_F(Output, TimeLimitEndsWithItsStatusAndAResult) {
  const LassoRun run = run_lasso({"--data", data_, "--beta", "1.5", "--workers", "3", "--straggler",
                                  "worker=1,slowdown=1e7", "--time-limit", "0.3"});
  EXPECT_EQ(run.outcome.exit_status, 3);
  EXPECT_EQ(run.result.at("status"), "time_limit");
  EXPECT_GE(run.result.at("solve_seconds"), 0.3);
  EXPECT_LT(run.result.at("solve_seconds"), 3.0) << "the straggler's sleep must not hold up the end";
  EXPECT_LT(run.result.at("objective"), run.result.at("null_objective")) << "the others' atoms count";
}

TEST_F(Output, ReportMakesAPageAndPrintsItsPath) {
  const std::string folder = scratch_.path("run");
  ASSERT_EQ(run_program(lasso({"--quiet", "--output", folder})).exit_status, 0);
  const Outcome outcome = run_program({"report", folder});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  ASSERT_FALSE(outcome.out.empty());
  const fs::path page = outcome.out.substr(0, outcome.out.size() - 1);
  EXPECT_EQ(outcome.out, page.string() + "\n") << "one line";
  EXPECT_EQ(page.parent_path(), fs::path(folder));
  EXPECT_THAT(ScratchDirectory::read(page), StartsWith("<!"));
}

TEST_F(Output, GeneratedInstanceIsSolvedAndTheSameForTheSameSeed) {
  const auto generate = [&](const std::string& name, const std::string& seed) {
    const std::string path = scratch_.path(name);
    const Outcome outcome = run_program({"generate", "--rows", "60", "--columns", "300", "--density", "0.05",
                                         "--nonzeros", "20", "--noise", "0.01", "--seed", seed, "--output", path});
    EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    return path;
  };
  const std::string path = generate("a.libsvm", "5");
  EXPECT_EQ(ScratchDirectory::read(path), ScratchDirectory::read(generate("b.libsvm", "5")));
  EXPECT_NE(ScratchDirectory::read(path), ScratchDirectory::read(generate("c.libsvm", "6")));
  const LassoRun run = run_lasso({"--data", path, "--beta", "1", "--workers", "5"});
  EXPECT_EQ(run.outcome.exit_status, 0);
  EXPECT_EQ(run.result.at("columns"), 300);
  EXPECT_LE(run.result.at("objective").get<double>(),
            0.5 * 0.01 * 0.01 * (1 + 1e-3) + 1e-6 * run.result.at("null_objective").get<double>())
      << "the coefficients that made it are in the ball";
}

/// A full disk, as /dev/full plays it: by a node of our own.
TEST_F(Output, StandardOutputThatCannotBeWrittenIsAFailure) {
  const std::string full = scratch_.path("full"), folder = scratch_.path("run");
  if (::mknod(full.c_str(), S_IFCHR | 0600, makedev(1, 7)) != 0 || !std::ofstream(full).is_open())
    GTEST_SKIP() << "no device can be made here";
  ASSERT_EQ(run_program(lasso({"--quiet", "--output", folder})).exit_status, 0);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"},
        {"lasso", "--help"},
        {"--version"},
        {"devices"},
        {"devices", "--json"},
        {"report", folder},
        {"predict", "--data", data_, "--model", folder, "--quiet"},
        {"predict", "--data", data_, "--model", folder, "--quiet", "--json"},
        {"latency", "--operation", "put", "--size", "8", "--iterations", "1"},
        lasso({"--quiet", "--json"})}) {
    SCOPED_TRACE(fmt::format("wolfpack {}", fmt::join(arguments, " ")));
    const Outcome outcome = Process(command_line(arguments), {}, full).wait(kRunLimitSeconds);
    EXPECT_EQ(outcome.exit_status, 1);
    EXPECT_THAT(outcome.err, ::testing::MatchesRegex(
                                 "wolfpack: (worker 0: )?standard output cannot be written to: No space left on .*\n"));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
  }
  EXPECT_TRUE(fs::is_character_file(full));
}

TEST_F(Output, ThroughSymbolicLinksReplacesTheirTargets) {
  const std::string folder = scratch_.path("run"), target = scratch_.write("target", "old");
  fs::create_directory(folder);
  for (const char* name : {"result.json", "report.html"}) fs::create_symlink(target, folder + "/" + name);
  ASSERT_EQ(run_program(lasso({"--quiet", "--output", folder})).exit_status, 0);
  EXPECT_EQ(read_run(folder).result.at("status"), "converged");
  EXPECT_THAT(ScratchDirectory::read(target), HasSubstr("converged"));
  EXPECT_TRUE(fs::is_symlink(folder + "/result.json"));
  fs::remove(folder + "/result.json");
  fs::copy_file(target, folder + "/result.json");
  ASSERT_EQ(run_program({"report", folder}).exit_status, 0);
  EXPECT_THAT(ScratchDirectory::read(target), StartsWith("<!"));
  EXPECT_TRUE(fs::is_symlink(folder + "/report.html"));
}

TEST(Help, IsPrintedWithExitStatusZero) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"lasso", "--help"}, {"predict", "--help"}, {"generate", "--help"}, {"report", "--help"}}) {
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_status, 0);
    EXPECT_THAT(outcome.out, HasSubstr("--help"));
    EXPECT_EQ(outcome.err, "");
  }
  const std::string lasso = run_program({"lasso", "--help"}).out;
  for (const char* option : {"--data",       "--target",      "--beta",       "--lambda",
                             "--beta-path",  "--lambda-path", "--path",       "--lambda-min-ratio",
                             "--intercept",  "--standardize", "--warm-start", "--threads",
                             "--workers",    "--staleness",   "--method",     "--top-k",
                             "--tolerance",  "--device",      "--transport",  "--max-clock",
                             "--time-limit", "--straggler",   "--seed",       "--output",
                             "--quiet",      "--json"})
    EXPECT_THAT(lasso, HasSubstr(option));
}

TEST(Help, OfLogisticTellsTheStatusOfARunThatHasMadeItsEpochs) {
  EXPECT_THAT(run_program({"logistic", "--help"}).out, HasSubstr("epochs_done"));
}

TEST(Version, IsPrintedWithExitStatusZero) {
  const Outcome outcome = run_program({"--version"});
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_THAT(outcome.out, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

}  // namespace
}  // namespace wolfpack::testing
