// Programs as the ranks of Open MPI's mpirun, which brings PMIx.
//
//     class Launched : public MpirunTest {};                                   // skipped, with the reason, without it
//     Process job(mpirun(3, {kProgram, "lasso", ...}));
#pragma once

#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/process.hpp"

namespace wolfpack::testing {

[[nodiscard]] inline std::string find_mpirun() {
  std::istringstream folders(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((folder + "/mpirun").c_str(), X_OK) == 0) return folder + "/mpirun";
  return {};
}

/// The lines that begin so: mpirun adds its own to standard error.
[[nodiscard]] inline std::vector<std::string> lines_from(const std::string& program, const std::string& text) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(program + ": ")) found.push_back(line);
  return found;
}

class MpirunTest : public ::testing::Test {
 protected:
  static constexpr double kPatienceSeconds = 60.0;

  void SetUp() override {
    if (mpirun_.empty()) GTEST_SKIP() << "no mpirun in the PATH (package openmpi-bin)";
    const std::string ranks = WOLFPACK_BINARY_DIR "/bin/multiprocess_pmix_ranks";
    const Outcome outcome = Process(mpirun(1, {ranks, "join"})).wait(kPatienceSeconds);
    if (outcome.err.find("built without PMIx") != std::string::npos)
      GTEST_SKIP() << "this build has no PMIx (package libpmix-dev)";
    if (outcome.err.find("has no PMIx") != std::string::npos)
      GTEST_SKIP() << mpirun_ << " is not Open MPI's: it has no PMIx";
  }

  [[nodiscard]] std::vector<std::string> mpirun(std::size_t ranks, const std::vector<std::string>& command) const {
    std::vector<std::string> all{mpirun_, "--allow-run-as-root", "--oversubscribe", "--bind-to", "none",
                                 "-n",    std::to_string(ranks)};
    all.insert(all.end(), command.begin(), command.end());
    return all;
  }

  /// To its end; no rank may be left then.
  [[nodiscard]] static Outcome run(const std::vector<std::string>& command) {
    Process process(command);
    const Outcome outcome = process.wait(kPatienceSeconds);
    EXPECT_FALSE(outcome.timed_out) << outcome.err;
    EXPECT_TRUE(eventually(5.0, [&] { return process.alive().empty(); })) << "a rank is left";
    return outcome;
  }

 private:
  std::string mpirun_ = find_mpirun();
};

}  // namespace wolfpack::testing
