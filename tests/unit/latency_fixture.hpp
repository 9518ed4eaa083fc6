// The output folder of `wolfpack latency` made by hand, for the tests of its page.
//
//     LatencyDirectory directory("LatencyPage");            // put at two sizes, fetch_add and clock_broadcast
//     directory.results().push_back(latency_result("get", 8, 0.02));
//     LatencyRun run = read_latency_run(directory.write());
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace wolfpack::report {

/// Of rank 0 to rank 1: nine in ten operations within 20% of the median, the others up to ten times as long.
inline nlohmann::ordered_json latency_result(const std::string& operation, int bytes, double p50_us) {
  return {{"operation", operation},
          {"bytes", bytes},
          {"initiator", 0},
          {"target", 1},
          {"time", operation == "put" || operation == "verbs_write" ? "half a round trip" : "whole"},
          {"iterations", 100'000},
          {"batch", 10},
          {"min_us", 0.9 * p50_us},
          {"p50_us", p50_us},
          {"average_us", 1.5 * p50_us},
          {"p99_us", 3.0 * p50_us},
          {"p99_9_us", 8.0 * p50_us},
          {"max_us", 9.5 * p50_us},
          {"mb_per_s", bytes / (1.5 * p50_us)},
          {"messages_per_s", 1e6 / (1.5 * p50_us)},
          {"one_sided", "native"},
          {"transport", "shm"},
          {"lanes", "posix/memory"},
          {"round_p50_us", {p50_us, 1.01 * p50_us, 0.99 * p50_us}},
          {"histogram",
           {{{"from_us", 0.8 * p50_us}, {"to_us", 1.2 * p50_us}, {"count", 9000}},
            {{"from_us", 1.2 * p50_us}, {"to_us", 10.0 * p50_us}, {"count", 1000}}}}};
}

/// A folder of this process and test, removed at the end.
class LatencyDirectory {
 public:
  explicit LatencyDirectory(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / ("wolfpack-" + name + "-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
    latency["results"] = {latency_result("put", 8, 0.05), latency_result("put", 8192, 0.5),
                          latency_result("fetch_add", 8, 0.016), latency_result("clock_broadcast", 8, 0.2)};
    results().back()["target"] = nullptr;
  }
  LatencyDirectory(const LatencyDirectory&) = delete;
  LatencyDirectory& operator=(const LatencyDirectory&) = delete;
  ~LatencyDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// All pairs of `ranks` ranks, two a host: put of 8 bytes and 1 MiB in 1 + initiator + target / 10 µs, and 100 times
  /// that.
  void measure_all_pairs(int ranks) {
    settings()["ranks"] = ranks;
    for (const char* list : {"hosts", "cores", "pairs"}) settings()[list] = nlohmann::ordered_json::array();
    results() = nlohmann::ordered_json::array();
    for (int initiator = 0; initiator < ranks; ++initiator) {
      settings()["hosts"].push_back("host" + std::to_string(initiator / 2));
      settings()["cores"].push_back(nullptr);
      for (int target = 0; target < ranks; ++target) {
        if (target == initiator) continue;
        settings()["pairs"].push_back({initiator, target});
        for (const int bytes : {8, 1 << 20}) {
          nlohmann::ordered_json result =
              latency_result("put", bytes, (1.0 + initiator + 0.1 * target) * (bytes > 8 ? 100 : 1));
          result["initiator"] = initiator;
          result["target"] = target;
          results().push_back(result);
        }
      }
    }
  }

  [[nodiscard]] nlohmann::ordered_json& settings() { return latency["settings"]; }
  [[nodiscard]] nlohmann::ordered_json& results() { return latency["results"]; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Writes latency.json as it now is.
  const std::filesystem::path& write() const {
    write_file("latency.json", latency.dump(1));
    return path_;
  }

  void write_file(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
  }

  nlohmann::ordered_json latency{{"settings",
                                  {{"transport", "shm"},
                                   {"transport_requested", "shm"},
                                   {"transport_reason", "it was asked for"},
                                   {"library", "UCX 1.13.1"},
                                   {"lanes", "posix/memory by loads and stores"},
                                   {"one_sided", "native"},
                                   {"atomics", "native"},
                                   {"ranks", 2},
                                   {"hosts", {"hostA", "hostA"}},
                                   {"cores", {0, 1}},
                                   {"pairs", nlohmann::ordered_json::array({nlohmann::ordered_json::array({0, 1})})},
                                   {"operations", {"put", "fetch_add", "clock_broadcast"}},
                                   {"bytes", {8, 8192}},
                                   {"iterations", nullptr},
                                   {"warmup", 100},
                                   {"duration_seconds", 0.2},
                                   {"rounds", 3},
                                   {"clock_tick_ns", 10.0},
                                   {"clock_reading_ns", 20.0},
                                   {"quiet", true},
                                   {"disturbances", nlohmann::ordered_json::array()},
                                   {"date", "2026-11-25T12:00:00Z"},
                                   {"cpu", "a processor"},
                                   {"wolfpack_version", "0.1.0"}}}};

 private:
  std::filesystem::path path_;
};

}  // namespace wolfpack::report
