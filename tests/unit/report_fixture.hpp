// A run's output folder made by hand, for the tests of the report page.
//
//     RunDirectory run("ReportRun");            // a converged run of two workers
//     run.result["status"] = "stalled";
//     Run read = read_run(run.write());
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace wolfpack::report {

/// A folder of this process and test, removed at the end.
class RunDirectory {
 public:
  explicit RunDirectory(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / ("wolfpack-" + name + "-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
    add_iteration(0, 0, 0.0, 1, 40.0, 100.0);
    add_iteration(1, 0, 0.1, 1, nullptr, 100.0);
    add_iteration(0, 1, 1.0, 2, 1e-5, 50.0);
    add_iteration(1, 1, 1.1, 2, 1e-5, 50.0);
  }
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;
  ~RunDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// One second long: wait 0.2, get 0.1, select 0.5, update 0.15 and 0.05 s unexplained. Staleness is the clock.
  void add_iteration(int worker, int clock, double start, int version, const nlohmann::json& gap, double objective) {
    const nlohmann::json row{{"worker", worker},
                             {"clock", clock},
                             {"start", start},
                             {"end", start + 1.0},
                             {"wait_seconds", 0.2},
                             {"get_seconds", 0.1},
                             {"select_seconds", 0.5},
                             {"update_seconds", 0.15},
                             {"version", version},
                             {"staleness", clock},
                             {"gap", gap},
                             {"objective", objective},
                             {"columns_evaluated", 900}};
    trace += row.dump() + "\n";
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Writes the three files as they now are.
  const std::filesystem::path& write() const {
    write_file("result.json", result.dump(2));
    write_file("coefficients.csv", coefficients);
    write_file("trace.jsonl", trace);
    return path_;
  }

  void write_file(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
  }

  nlohmann::ordered_json result{{"status", "converged"},
                                {"objective", 50.0},
                                {"gap", 1e-5},
                                {"relative_gap", 1e-7},
                                {"null_objective", 100},
                                {"beta", 1.0},
                                {"l1_norm", 0.75},
                                {"nonzeros", 2},
                                {"clocks", 2},
                                {"full_passes", 1.5},
                                {"bytes_read", 4096},
                                {"solve_seconds", 2.125},
                                {"wall_seconds", 3.0},
                                {"workers", 2},
                                {"staleness", 3},
                                {"method", "corrective"},
                                {"top_k", "auto"},
                                {"device", "cpu"},
                                {"transport", "shm"},
                                {"transport_lanes", "posix/memory"},
                                {"seed", 1},
                                {"wolfpack_version", "0.1.0"},
                                {"tolerance", 1e-6},
                                {"data", "a.npy"},
                                {"target", "y.npy"},
                                {"rows", 4},
                                {"columns", 12345}};
  std::string coefficients = "index,value\n12000,-0.25\n7,0.5\n";
  std::string trace;

 private:
  std::filesystem::path path_;
};

}  // namespace wolfpack::report
