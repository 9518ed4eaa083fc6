// How fast atoms are selected on a GPU, beside how fast it reads its memory at all, and how long whole problems take.
//
//     bench_gpu_selection [--rows 1000] [--gigabytes 1] [--storage float32] [--density 0.01] [--repeats 20]
//                         [--lasso] [--cpu-threads N] [--device 0] [--json FILE]
//
// One size and storage (float32, bfloat16, float64, csc) a run. Of passes over all columns, medians for K = 1, 10 and
// 100 atoms, as a caller sees them: from select() to its answer. The first pass computes the norms too. --lasso: then
// the LASSO of a target that 50 of the columns explain, at a tenth of lambda_max, from zero to a certified relative gap
// of 1e-6, on the GPU and, with --cpu-threads, on the CPU. experiments/bench/gpu.py runs it over sizes and storages,
// beside what one would write with PyTorch.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.hpp"
#include "base/time.hpp"
#include "experiments/bench/record.hpp"
#include "experiments/solve_lasso.hpp"
#include "gpu/atom_selector.hpp"
#include "gpu/devices.hpp"
#include "gpu/memory_speed.hpp"

namespace wolfpack {
namespace {

using nlohmann::ordered_json;

struct Settings {
  Index rows = 1000;
  double gigabytes = 1.0;
  std::string storage = "float32";
  double density = 0.01;
  int repeats = 20;
  bool lasso = false;
  std::size_t cpu_threads = 0;
  int device = 0;
  std::string json;
};

/// work(first, last) over 0 .. count by all cores.
template <class Work>
void by_all_cores(Index count, Work&& work) {
  const auto threads = static_cast<Index>(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::jthread> running;
  for (Index t = 0; t < threads; ++t)
    running.emplace_back([&, t] { work(count * t / threads, count * (t + 1) / threads); });
}

/// 64 random bits, the k-th (splitmix64): the same for any number of threads.
std::uint64_t random_bits(Index k) {
  std::uint64_t z = (static_cast<std::uint64_t>(k) + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// The k-th, between -1 and 1; of 8 significant bits where `narrow`.
double number(Index k, bool narrow) {
  const double drawn = std::ldexp(static_cast<double>(random_bits(k) >> 11), -53);
  return narrow ? std::round(drawn * 255.0 - 127.5) / 128.0 : 2.0 * drawn - 1.0;
}

template <class Scalar>
Matrix dense_matrix(const Settings& settings, std::size_t bytes_a_number, bool narrow) {
  const auto columns =
      static_cast<Index>(settings.gigabytes * 1e9 / static_cast<double>(bytes_a_number)) / settings.rows;
  DenseMatrix<Scalar> matrix{settings.rows, columns, {}};
  matrix.values.resize(static_cast<std::size_t>(settings.rows * columns));
  by_all_cores(settings.rows * columns, [&](Index first, Index last) {
    for (Index k = first; k < last; ++k)
      matrix.values[static_cast<std::size_t>(k)] = static_cast<Scalar>(number(k, narrow));
  });
  return matrix;
}

Matrix sparse_matrix(const Settings& settings) {
  const Index each = std::max<Index>(1, std::llround(settings.density * static_cast<double>(settings.rows)));
  const auto columns = static_cast<Index>(settings.gigabytes * 1e9 / 8.0) / each;
  SparseMatrix<float> matrix{settings.rows, columns, {}, {}, {}};
  matrix.column_starts.resize(static_cast<std::size_t>(columns) + 1);
  matrix.row_indices.resize(static_cast<std::size_t>(columns * each));
  matrix.values.resize(matrix.row_indices.size());
  for (Index j = 0; j <= columns; ++j) matrix.column_starts[static_cast<std::size_t>(j)] = j * each;
  by_all_cores(columns, [&](Index first, Index last) {
    for (Index j = first; j < last; ++j)
      for (Index k = 0; k < each; ++k) {  // one row of each stretch of the column
        const Index begin = settings.rows * k / each, end = settings.rows * (k + 1) / each;
        matrix.row_indices[static_cast<std::size_t>(j * each + k)] = static_cast<std::int32_t>(
            begin + static_cast<Index>(random_bits(~(j * each + k)) % static_cast<std::uint64_t>(end - begin)));
        matrix.values[static_cast<std::size_t>(j * each + k)] = static_cast<float>(number(j * each + k, false));
      }
  });
  return matrix;
}

Matrix make_matrix(const Settings& settings) {
  if (settings.storage == "float32") return dense_matrix<float>(settings, 4, false);
  if (settings.storage == "bfloat16") return dense_matrix<float>(settings, 2, true);
  if (settings.storage == "float64") return dense_matrix<double>(settings, 8, false);
  if (settings.storage == "csc") return sparse_matrix(settings);
  throw InputError(fmt::format("--storage {}: accepted: float32, bfloat16, float64, csc", settings.storage));
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

std::vector<std::vector<double>> random_duals(Index rows, int count) {
  std::mt19937_64 generator(1);
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> duals(static_cast<std::size_t>(count));
  for (auto& dual : duals)
    for (Index i = 0; i < rows; ++i) dual.push_back(normal(generator));
  return duals;
}

ordered_json measure_passes(const Settings& settings, const Matrix& matrix, double read_speed) {
  const gpu::GpuSelector gpu = gpu::make_gpu_atom_selector(view(matrix), {.device = settings.device});
  const auto duals = random_duals(settings.rows, settings.repeats + 1);
  const auto timed = [&](const std::vector<double>& dual, std::size_t count, SelectedAtoms& best) {
    const double start = monotonic_seconds();
    best = gpu.selector->select({.dual = dual, .count = count, .excluded = {}});
    return monotonic_seconds() - start;
  };
  SelectedAtoms best;
  ordered_json result{{"kept_as", gpu.storage},
                      {"device_bytes", gpu.device_bytes},
                      {"first_pass_seconds", timed(duals.back(), 10, best)}};
  for (const std::size_t count : {1UL, 10UL, 100UL}) {
    std::vector<double> seconds;
    for (int k = 0; k < settings.repeats; ++k)
      seconds.push_back(timed(duals[static_cast<std::size_t>(k)], count, best));
    const double median_seconds = median(seconds);
    const double speed = 1e-9 * static_cast<double>(best.bytes_read) / median_seconds;
    result["passes"].push_back({{"atoms", count},
                                {"seconds", median_seconds},
                                {"bytes_read", best.bytes_read},
                                {"gigabytes_per_second", speed},
                                {"share_of_read", speed / read_speed}});
    fmt::print("  K = {:<4} {:9.3f} ms  {:7.0f} GB/s  {:5.1f}% of the read speed\n", count, 1e3 * median_seconds, speed,
               100.0 * speed / read_speed);
  }
  return result;
}

ordered_json solution_json(const char* device, const Solution& solution, double null_objective) {
  fmt::print("  LASSO on the {}: {:.4f} s, {:.2f} passes, {} non-zeros, relative gap {:.2g}\n", device,
             solution.seconds, solution.full_passes, solution.columns.size(), solution.gap / null_objective);
  return {{"device", device},
          {"converged", solution.status == frank_wolfe::SolveStatus::converged},
          {"seconds", solution.seconds},
          {"full_passes", solution.full_passes},
          {"nonzeros", solution.columns.size()},
          {"objective", solution.objective},
          {"relative_gap", solution.gap / null_objective}};
}

/// The sum of 50 columns, and noise.
std::vector<double> target_of(const Settings& settings, const Matrix& matrix) {
  std::mt19937_64 generator(2);
  std::normal_distribution<double> normal;
  std::vector<double> target(static_cast<std::size_t>(settings.rows));
  for (double& value : target) value = 0.5 * normal(generator);
  const auto add = [&](const auto& a) {
    using View = std::decay_t<decltype(a.view())>;
    for (Index k = 0; k < 50; ++k) {
      const Index j = a.columns / 50 * k;
      if constexpr (requires(View v) { v.column(j); }) {
        const auto column = a.view().column(j);
        for (std::size_t i = 0; i < column.size(); ++i) target[i] += static_cast<double>(column[i]);
      } else {
        for (Index at = a.column_starts[static_cast<std::size_t>(j)];
             at < a.column_starts[static_cast<std::size_t>(j) + 1]; ++at)
          target[static_cast<std::size_t>(a.row_indices[static_cast<std::size_t>(at)])] +=
              static_cast<double>(a.values[static_cast<std::size_t>(at)]);
      }
    }
  };
  std::visit(add, matrix);
  return target;
}

ordered_json measure_lasso(const Settings& settings, const Matrix& matrix) {
  const std::vector<double> target = target_of(settings, matrix);
  double null_objective = 0.0;
  for (const double y : target) null_objective += 0.5 * y * y;
  double largest = 0.0;
  {
    const gpu::GpuSelector gpu =
        gpu::make_gpu_atom_selector(view(matrix), {.device = settings.device, .lack = gpu::LackOfMemory::keep_on_host});
    largest = gpu.selector->select({.dual = target, .excluded = {}}).largest_score;
  }
  LassoOptions options{.lambda = 0.1 * largest, .device = LassoDevice::gpu};
  ordered_json results = ordered_json::array();
  results.push_back(solution_json("gpu", solve_lasso(view(matrix), target, options), null_objective));
  if (settings.cpu_threads == 0) return results;
  options.device = LassoDevice::cpu;
  options.threads = settings.cpu_threads;
  results.push_back(solution_json("cpu", solve_lasso(view(matrix), target, options), null_objective));
  return results;
}

void run(const Settings& settings) {
  if (const std::string why = gpu::why_no_device(); !why.empty()) throw InputError(why);
  const auto devices = gpu::list_devices();
  if (settings.device < 0 || settings.device >= static_cast<int>(devices.size()))
    throw InputError(fmt::format("--device {}: accepted: 0 to {}", settings.device, devices.size() - 1));
  const gpu::GpuDevice& device = devices[static_cast<std::size_t>(settings.device)];
  const auto speed = gpu::measure_memory_speed(settings.device, std::uint64_t{4} << 30, settings.repeats);
  fmt::print("{}: reads {:.0f} GB/s, copies {:.0f} GB/s (read and written)\n", device.name,
             speed.read_gigabytes_per_second, speed.copy_gigabytes_per_second);
  const Matrix matrix = make_matrix(settings);
  const Index columns = wolfpack::columns(view(matrix));
  fmt::print("{} x {}, {} GB, {}\n", settings.rows, columns, settings.gigabytes, settings.storage);
  ordered_json record{{"gpu", device.name},
                      {"driver", fmt::format("{}.{}", device.driver.major, device.driver.minor)},
                      {"cuda", fmt::format("{}.{}", device.runtime.major, device.runtime.minor)},
                      {"read_gigabytes_per_second", speed.read_gigabytes_per_second},
                      {"copy_gigabytes_per_second", speed.copy_gigabytes_per_second},
                      {"rows", settings.rows},
                      {"columns", columns},
                      {"gigabytes", settings.gigabytes},
                      {"storage", settings.storage},
                      {"density", settings.storage == "csc" ? ordered_json(settings.density) : ordered_json(nullptr)},
                      {"repeats", settings.repeats},
                      {"cpu_threads", settings.cpu_threads},
                      {"device", settings.device}};
  record.update(measure_passes(settings, matrix, speed.read_gigabytes_per_second));
  if (settings.lasso) record["lasso"] = measure_lasso(settings, matrix);
  bench::write_record(settings.json, record);
}

}  // namespace
}  // namespace wolfpack

int main(int argc, char** argv) {
  wolfpack::Settings settings;
  CLI::App app{"How fast atoms are selected on a GPU"};
  app.add_option("--rows", settings.rows)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--gigabytes", settings.gigabytes, "of the matrix as it is kept on the device")->capture_default_str();
  app.add_option("--storage", settings.storage, "float32, bfloat16, float64 or csc")->capture_default_str();
  app.add_option("--density", settings.density, "of csc")->capture_default_str();
  app.add_option("--repeats", settings.repeats)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_flag("--lasso", settings.lasso, "then whole problems");
  app.add_option("--cpu-threads", settings.cpu_threads, "and on the CPU, by so many threads; 0: not")
      ->capture_default_str();
  app.add_option("--device", settings.device)->capture_default_str();
  wolfpack::bench::add_json_option(app, settings.json);
  return wolfpack::bench::run(app, argc, argv, [&] { wolfpack::run(settings); });
}
