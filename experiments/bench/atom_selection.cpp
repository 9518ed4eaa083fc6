// How fast atoms are selected, beside how fast the same bytes can be read at all.
//
//     bench_atom_selection [--rows 784] [--columns 60000] [--density D] [--threads N] [--skip SHARE] [--repeats 25]
//                          [--json FILE]
//
// For float32 and float64, dense or (with --density below 1) CSC: medians of the first pass, which computes the norms
// too, of a pass over all columns, of a lazy pass that leaves out a random share of them, and of a quick round, whose
// columns lie scattered, all without a quantized copy; of making that copy and of a pass by it; and of plain sums over
// the same memory by the same threads, the fastest of several ways to read. All are taken in turn, so that a busy
// machine slows all alike; beside the medians stand the best figures, which others disturb least.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cpu/atom_selector.hpp"
#include "cpu/dot_kernels.hpp"
#include "experiments/bench/read_speed.hpp"
#include "experiments/bench/record.hpp"

namespace wolfpack {
namespace {

struct Settings {
  Index rows = 784;
  Index columns = 60000;
  double density = 1.0;
  std::size_t threads = 1;
  double skip = 0.8;
  int repeats = 25;
  std::string json;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// Numbers between -1 and 1. A share of the columns, at random, is a million times smaller: those that a lazy pass at
// level 1 leaves out, whatever the dual vector.
template <class Scalar>
class Numbers {
 public:
  explicit Numbers(double skip) : skip_(skip) {}

  void begin_column() { scale_ = share_(generator_) < skip_ ? Scalar(1e-6) : Scalar(1); }
  Scalar next() { return scale_ * uniform_(generator_); }
  std::mt19937_64& generator() { return generator_; }

 private:
  double skip_;
  std::mt19937_64 generator_{1};
  std::uniform_real_distribution<double> share_{0.0, 1.0};
  std::uniform_real_distribution<Scalar> uniform_{-1, 1};
  Scalar scale_ = 1;
};

template <class Scalar>
DenseMatrix<Scalar> dense_matrix(const Settings& settings) {
  Numbers<Scalar> numbers(settings.skip);
  DenseMatrix<Scalar> matrix{settings.rows, settings.columns, {}};
  matrix.values.resize(static_cast<std::size_t>(settings.rows * settings.columns));
  auto value = matrix.values.begin();
  for (Index j = 0; j < settings.columns; ++j) {
    numbers.begin_column();
    for (Index i = 0; i < settings.rows; ++i) *value++ = numbers.next();
  }
  return matrix;
}

template <class Scalar>
SparseMatrix<Scalar> sparse_matrix(const Settings& settings) {
  Numbers<Scalar> numbers(settings.skip);
  std::geometric_distribution<Index> gap(settings.density);
  SparseMatrix<Scalar> matrix{settings.rows, settings.columns, {0}, {}, {}};
  for (Index j = 0; j < settings.columns; ++j) {
    numbers.begin_column();
    for (Index i = gap(numbers.generator()); i < settings.rows; i += 1 + gap(numbers.generator())) {
      matrix.row_indices.push_back(static_cast<std::int32_t>(i));
      matrix.values.push_back(numbers.next());
    }
    matrix.column_starts.push_back(static_cast<Index>(matrix.values.size()));
  }
  return matrix;
}

template <class Scalar>
std::vector<std::span<const std::byte>> memory_of(const DenseMatrix<Scalar>& matrix) {
  return {std::as_bytes(std::span(matrix.values))};
}
template <class Scalar>
std::vector<std::span<const std::byte>> memory_of(const SparseMatrix<Scalar>& matrix) {
  return {std::as_bytes(std::span(matrix.values)), std::as_bytes(std::span(matrix.row_indices)),
          std::as_bytes(std::span(matrix.column_starts))};
}

std::vector<double> random_dual(Index rows, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<double> dual(static_cast<std::size_t>(rows));
  for (double& value : dual) value = uniform(generator);
  return dual;
}

// One kind of pass: how long it took, each time, and how many bytes it read.
struct Figure {
  void take(AtomSelector& selector, std::size_t threads, const SelectionRequest& request) {
    take(threads, [&] { return selector.select(request); });
  }
  template <class Work>
  void take(std::size_t threads, Work&& work) {
    SelectedAtoms selected;
    ms.push_back(1e3 * bench::seconds_of(threads, [&] { selected = work(); }));
    bytes = selected.bytes_read;
    columns = selected.columns_evaluated;
  }
  [[nodiscard]] double gigabytes_per_second() const { return static_cast<double>(bytes) / median(ms) * 1e-6; }
  [[nodiscard]] double best_gigabytes_per_second() const {
    return static_cast<double>(bytes) / *std::min_element(ms.begin(), ms.end()) * 1e-6;
  }

  std::vector<double> ms;
  std::uint64_t bytes = 0;
  Index columns = 0;
};

template <class AnyMatrix>
nlohmann::json measure(const char* storage, const AnyMatrix& matrix, const Settings& settings) {
  const std::vector<double> one = random_dual(settings.rows, 2);
  const std::vector<double> other = random_dual(settings.rows, 3);
  bench::ReadSpeed read(memory_of(matrix), settings.threads);
  Figure first, all, lazy, quick, copying, by_copy;
  for (int repeat = 0; repeat < settings.repeats; ++repeat) {
    const auto make_selector = [&](cpu::QuantizedCopy copy) {
      return cpu::make_cpu_atom_selector(matrix.view(), {.threads = settings.threads, .quantized_copy = copy});
    };
    const auto selector = make_selector(cpu::QuantizedCopy::never);
    read.measure();
    first.take(*selector, settings.threads, {.dual = one, .count = 10, .excluded = {}});
    all.take(*selector, settings.threads, {.dual = one, .count = 10, .excluded = {}});
    lazy.take(*selector, settings.threads, {.dual = other, .level = 1.0, .count = 10, .excluded = {}});
    const SelectionRequest candidates{.dual = one, .count = 10, .excluded = {}, .candidates_only = true};
    static_cast<void>(selector->select(candidates));  // the first of them also finds the candidates
    read.wash();                                      // and leaves them in the cache
    quick.take(*selector, settings.threads, candidates);
    if (settings.density < 1.0) continue;
    std::unique_ptr<AtomSelector> copied;
    copying.take(settings.threads, [&] {
      copied = make_selector(cpu::QuantizedCopy::always);
      SelectedAtoms read_all;
      read_all.columns_evaluated = settings.columns;
      read_all.bytes_read = all.bytes;
      return read_all;
    });
    by_copy.take(*copied, settings.threads, {.dual = one, .count = 10, .excluded = {}});
  }

  const double read_speed = read.gigabytes_per_second();
  const double best_read_speed = read.best_gigabytes_per_second();
  nlohmann::json result = {{"storage", storage},
                           {"bytes", all.bytes},
                           {"read_gb_per_second", read_speed},
                           {"best_read_gb_per_second", best_read_speed},
                           {"read_way", read.fastest_way()}};
  fmt::print("{:12} {:>9} {:>10} {:>10} {:>10.1f} {:>10} {:>10.1f}\n", storage, "read", "", "", read_speed, "",
             best_read_speed);
  const auto report = [&](const char* name, const Figure& figure) {
    const double speed = figure.gigabytes_per_second();
    const double best = figure.best_gigabytes_per_second();
    fmt::print("{:12} {:>9} {:>10} {:>10.3f} {:>10.1f} {:>10.2f} {:>10.1f} {:>10.2f}\n", "", name, figure.columns,
               median(figure.ms), speed, speed / read_speed, best, best / best_read_speed);
    result[name] = {{"ms", median(figure.ms)},    {"columns", figure.columns},
                    {"gb_per_second", speed},     {"share_of_read_speed", speed / read_speed},
                    {"best_gb_per_second", best}, {"best_share_of_read_speed", best / best_read_speed}};
  };
  report("first", first);
  report("pass", all);
  report("lazy", lazy);
  report("quick", quick);
  if (settings.density < 1.0) return result;
  report("copying", copying);
  report("by copy", by_copy);
  return result;
}

void run(const Settings& settings) {
  const char* kernels = cpu::best_kernels().name;
  fmt::print("{} x {}, density {}, {} threads, {} kernels, lazy passes skip {}, medians of {}\n", settings.rows,
             settings.columns, settings.density, settings.threads, kernels, settings.skip, settings.repeats);
  fmt::print("{:12} {:>9} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "storage", "", "columns", "ms", "GB/s",
             "of read", "best GB/s", "of read");
  nlohmann::json result = {{"benchmark", "atom_selection"}, {"rows", settings.rows},
                           {"columns", settings.columns},   {"density", settings.density},
                           {"threads", settings.threads},   {"skip", settings.skip},
                           {"repeats", settings.repeats},   {"kernels", kernels}};
  nlohmann::json& results = result["results"];
  if (settings.density < 1.0) {
    results.push_back(measure("csc float32", sparse_matrix<float>(settings), settings));
    results.push_back(measure("csc float64", sparse_matrix<double>(settings), settings));
  } else {
    results.push_back(measure("float32", dense_matrix<float>(settings), settings));
    results.push_back(measure("float64", dense_matrix<double>(settings), settings));
  }
  bench::write_record(settings.json, result);
}

}  // namespace
}  // namespace wolfpack

int main(int argc, char** argv) {
  wolfpack::Settings settings;
  CLI::App app("Times CPU atom selection against the speed of memory.");
  app.add_option("--rows", settings.rows, "rows of the partition")->check(CLI::PositiveNumber);
  app.add_option("--columns", settings.columns, "columns of the partition")->check(CLI::PositiveNumber);
  app.add_option("--density", settings.density, "share of non-zeros; below 1 the storage is CSC")
      ->check(CLI::Range(1e-9, 1.0));
  app.add_option("--threads", settings.threads, "threads that share a pass")->check(CLI::PositiveNumber);
  app.add_option("--skip", settings.skip, "share of the columns that a lazy pass leaves out")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--repeats", settings.repeats, "measurements of each figure")->check(CLI::PositiveNumber);
  wolfpack::bench::add_json_option(app, settings.json);
  return wolfpack::bench::run(app, argc, argv, [&] { wolfpack::run(settings); });
}
