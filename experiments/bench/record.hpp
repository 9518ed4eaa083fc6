// What the C++ benchmarks share: the end of main(), and the record.
#pragma once

#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wolfpack::bench {

/// Where the record goes; empty: nowhere.
inline void add_json_option(CLI::App& app, std::string& path) {
  app.add_option("--json", path, "write the figures and all settings to this file");
}

/// Throws std::runtime_error where it cannot.
inline void write_record(const std::string& path, const nlohmann::json& record) {
  if (path.empty()) return;
  std::ofstream file(path);
  file << record.dump(2) << '\n';
  if (!file.flush()) throw std::runtime_error(fmt::format("cannot write {}", path));
}

/// The exit status: of the command line, or 0, or 1 where work() throws, which is said.
template <class Work>
int run(CLI::App& app, int argc, char** argv, Work&& work) {
  CLI11_PARSE(app, argc, argv);
  try {
    work();
  } catch (const std::exception& failure) {
    fmt::print(stderr, "{}\n", failure.what());
    return 1;
  }
  return 0;
}

}  // namespace wolfpack::bench
