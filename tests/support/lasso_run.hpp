// `wolfpack lasso` from the outside: a command line in, its exit status, texts and files out.
//
//     const LassoRun run = run_lasso({"--data", path, "--beta", "1"});       // adds --quiet and an --output of its own
//     EXPECT_EQ(run.outcome.exit_status, 0);
//     EXPECT_EQ(run.result.at("status"), "converged");
#pragma once

#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/types.hpp"
#include "tests/support/asked_transports.hpp"
#include "tests/support/process.hpp"

namespace wolfpack::testing {

inline const std::string kProgram = std::string(WOLFPACK_BINARY_DIR) + "/bin/wolfpack";
inline constexpr double kRunLimitSeconds = 60.0;  // generous: a sanitizer and a busy machine

/// The transports of local processes, for suites that run over each: ::testing::ValuesIn(kTransports).
inline const std::vector<std::string> kTransports = asked_transports({"shm", "tcp"});
inline std::string transport_name(const ::testing::TestParamInfo<std::string>& transport) { return transport.param; }

/// The rank of a worker process, from what its launcher put into its environment ("socket:rank:size:job"); nothing for
/// the launcher.
[[nodiscard]] inline std::optional<int> rank_of(pid_t pid) {
  const std::string environment = read_proc(pid, "environ");
  const std::string name = "WOLFPACK_LOCAL_JOB=";
  const auto at = environment.find(name);
  int rank = 0;
  if (at == std::string::npos || std::sscanf(environment.c_str() + at + name.size(), "%*d:%d:", &rank) != 1)
    return std::nullopt;
  return rank;
}

[[nodiscard]] inline std::optional<pid_t> find_worker(const Process& job, int rank) {
  for (const pid_t pid : job.alive())
    if (rank_of(pid) == rank) return pid;
  return std::nullopt;
}

[[nodiscard]] inline std::vector<std::string> command_line(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kProgram);
  return arguments;
}

[[nodiscard]] inline Outcome run_program(const std::vector<std::string>& arguments,
                                         const std::vector<std::string>& extra_environment = {}) {
  return Process(command_line(arguments), extra_environment).wait(kRunLimitSeconds);
}

struct Coefficient {
  Index index = 0;
  double value = 0.0;
};

/// `index,value` under its header line; a test failure where it is anything else.
[[nodiscard]] inline std::vector<Coefficient> parse_coefficients(const std::string& text) {
  std::vector<Coefficient> coefficients;
  std::istringstream lines(text);
  std::string line;
  EXPECT_TRUE(std::getline(lines, line) && line == "index,value") << "the header is \"" << line << '"';
  while (std::getline(lines, line)) {
    Coefficient read;
    int used = 0;
    long long index = 0;
    const int fields = std::sscanf(line.c_str(), "%lld,%lf%n", &index, &read.value, &used);
    EXPECT_TRUE(fields == 2 && static_cast<std::size_t>(used) == line.size()) << "not index,value: " << line;
    read.index = index;
    coefficients.push_back(read);
  }
  return coefficients;
}

/// The coefficients of each point of a path.csv, in the form of a coefficients.csv, for `points` points.
[[nodiscard]] inline std::vector<std::string> split_path(const std::string& text, std::size_t points) {
  std::vector<std::string> parts(points, "index,value\n");
  std::istringstream lines(text);
  std::string line;
  EXPECT_TRUE(std::getline(lines, line) && line == "point,index,value") << "the header is \"" << line << '"';
  while (std::getline(lines, line)) {
    const std::size_t comma = line.find(',');
    parts.at(std::stoul(line.substr(0, comma))) += line.substr(comma + 1) + "\n";
  }
  return parts;
}

/// All `columns` coefficients, zeros included.
[[nodiscard]] inline std::vector<double> dense(const std::vector<Coefficient>& coefficients, std::size_t columns) {
  std::vector<double> x(columns, 0.0);
  for (const auto& [index, value] : coefficients) x.at(static_cast<std::size_t>(index)) = value;
  return x;
}

[[nodiscard]] inline std::vector<nlohmann::json> parse_lines(const std::string& text) {
  std::vector<nlohmann::json> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) rows.push_back(nlohmann::json::parse(line));
  return rows;
}

/// The files of one run.
struct RunFiles {
  nlohmann::json result;
  std::string coefficients_text;
  std::vector<Coefficient> coefficients;
  std::vector<nlohmann::json> trace;
  std::string path_text;  ///< path.csv; empty where the run has none
};

/// Throws where result.json is absent or no JSON.
[[nodiscard]] inline RunFiles read_run(const std::string& folder) {
  RunFiles run;
  run.result = nlohmann::json::parse(ScratchDirectory::read(folder + "/result.json"));
  run.coefficients_text = ScratchDirectory::read(folder + "/coefficients.csv");
  run.coefficients = parse_coefficients(run.coefficients_text);
  run.path_text = ScratchDirectory::read(folder + "/path.csv");
  run.trace = parse_lines(ScratchDirectory::read(folder + "/trace.jsonl"));
  return run;
}

struct LassoRun : RunFiles {
  Outcome outcome;
};

/// Runs `wolfpack lasso ARGUMENTS --quiet --output FOLDER`. Files are read where the program says that there are some.
[[nodiscard]] inline LassoRun run_lasso(std::vector<std::string> arguments) {
  const ScratchDirectory scratch;
  arguments.insert(arguments.begin(), "lasso");
  arguments.insert(arguments.end(), {"--quiet", "--output", scratch.path("run")});
  LassoRun run;
  run.outcome = run_program(arguments);
  if (run.outcome.exit_status == 0 || run.outcome.exit_status == 3)
    static_cast<RunFiles&>(run) = read_run(scratch.path("run"));
  return run;
}

}  // namespace wolfpack::testing
