// How fast one thread selects atoms, beside how fast it can read the same bytes at all.
//
//     bench_atom_selection [--rows 784] [--columns 60000] [--repeats 25] [--json FILE]
//
// For float32 and float64 storage: medians of the first pass (which computes the norms too), of later passes, and of a
// plain sum over the same memory, taken in turn so that a busy machine slows all alike. Pin it (taskset -c 0) for
// steady figures.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cpu/atom_selector.hpp"
#include "cpu/dot_kernels.hpp"

namespace wolfpack {
namespace {

struct Settings {
  Index rows = 784;
  Index columns = 60000;
  int repeats = 25;
  std::string json;
};

template <class Work>
double milliseconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// Adds up the memory as 64-bit words: integer additions, which the compiler may put into whatever vectors it likes.
std::uint64_t read_all(const void* memory, std::uint64_t bytes) {
  const char* start = static_cast<const char*>(memory);
  std::uint64_t sum = 0;
  for (std::uint64_t position = 0; position + sizeof sum <= bytes; position += sizeof sum) {
    std::uint64_t word = 0;
    std::memcpy(&word, start + position, sizeof word);
    sum += word;
  }
  return sum;
}

template <class Scalar>
nlohmann::json measure(const char* storage, const Settings& settings) {
  std::mt19937_64 generator(1);
  std::uniform_real_distribution<Scalar> uniform(-1, 1);
  DenseMatrix<Scalar> matrix{settings.rows, settings.columns, {}};
  matrix.values.resize(static_cast<std::size_t>(settings.rows * settings.columns));
  for (Scalar& value : matrix.values) value = uniform(generator);
  std::vector<double> dual(static_cast<std::size_t>(settings.rows));
  for (double& value : dual) value = static_cast<double>(uniform(generator));

  const SelectionRequest request{.dual = dual, .count = 10, .excluded = {}};
  const std::uint64_t bytes = matrix.values.size() * sizeof(Scalar);
  std::vector<double> first_ms, pass_ms, read_ms;
  const std::uint64_t expected_sum = read_all(matrix.values.data(), bytes);
  for (int repeat = 0; repeat < settings.repeats; ++repeat) {
    const auto selector = cpu::make_cpu_atom_selector(matrix.view());
    std::uint64_t sum = 0;
    SelectedAtoms first, later;
    read_ms.push_back(milliseconds([&] { sum = read_all(matrix.values.data(), bytes); }));
    first_ms.push_back(milliseconds([&] { first = selector->select(request); }));
    pass_ms.push_back(milliseconds([&] { later = selector->select(request); }));
    if (sum != expected_sum || first.largest_score != later.largest_score) {
      throw std::runtime_error("two passes over the same memory gave different answers");
    }
  }

  const auto gigabytes_per_second = [&](double ms) { return static_cast<double>(bytes) / ms * 1e-6; };
  const double first = median(first_ms), pass = median(pass_ms), read = median(read_ms);
  fmt::print("{:8} {:>14.2f} {:>10.2f} {:>10.2f} {:>11.1f} {:>11.1f} {:>12.2f}\n", storage, first, pass, read,
             gigabytes_per_second(pass), gigabytes_per_second(read), read / pass);
  return {{"storage", storage},
          {"bytes", bytes},
          {"first_pass_ms", first},
          {"pass_ms", pass},
          {"read_ms", read},
          {"pass_gb_per_second", gigabytes_per_second(pass)},
          {"read_gb_per_second", gigabytes_per_second(read)},
          {"share_of_read_speed", read / pass}};
}

void run(const Settings& settings) {
  const char* kernels = cpu::best_kernels().name;
  fmt::print("{} x {}, one thread, {} kernels, medians of {}\n", settings.rows, settings.columns, kernels,
             settings.repeats);
  fmt::print("{:8} {:>14} {:>10} {:>10} {:>11} {:>11} {:>12}\n", "storage", "first pass ms", "pass ms", "read ms",
             "pass GB/s", "read GB/s", "pass / read");
  nlohmann::json result = {{"benchmark", "atom_selection"}, {"rows", settings.rows}, {"columns", settings.columns},
                           {"repeats", settings.repeats},   {"threads", 1},          {"kernels", kernels}};
  result["results"].push_back(measure<float>("float32", settings));
  result["results"].push_back(measure<double>("float64", settings));
  if (settings.json.empty()) return;
  std::ofstream file(settings.json);
  file << result.dump(2) << '\n';
  if (!file.flush()) throw std::runtime_error(fmt::format("cannot write {}", settings.json));
}

}  // namespace
}  // namespace wolfpack

int main(int argc, char** argv) {
  wolfpack::Settings settings;
  CLI::App app("Times CPU atom selection against the speed of memory.");
  app.add_option("--rows", settings.rows, "rows of the partition")->check(CLI::PositiveNumber);
  app.add_option("--columns", settings.columns, "columns of the partition")->check(CLI::PositiveNumber);
  app.add_option("--repeats", settings.repeats, "measurements of each figure")->check(CLI::PositiveNumber);
  app.add_option("--json", settings.json, "write the figures and all settings to this file");
  CLI11_PARSE(app, argc, argv);
  try {
    wolfpack::run(settings);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "{}\n", failure.what());
    return 1;
  }
  return 0;
}
