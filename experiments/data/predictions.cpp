#include "experiments/data/predictions.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <numeric>
#include <variant>

#include "experiments/data/input_file.hpp"

namespace wolfpack::data {
namespace {

constexpr std::uint64_t kBlockBytes = std::uint64_t{256} << 20;
/// Text takes two characters an entry at least, of which 8 bytes become; gzipped, it may be a tenth of that.
constexpr std::uint64_t kLoadedBytesOfAByte = 4, kInflation = 10;
/// Another load of a .npy, which in C order passes over every row, is worth it where it saves reading so much.
constexpr std::uint64_t kGapBytes = std::uint64_t{16} << 20;

template <class Scalar>
void add_column(const DenseView<Scalar>& view, Index j, double weight, std::span<double> sums) {
  const auto column = view.column(j);
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += weight * static_cast<double>(column[i]);
}

template <class Scalar>
void add_column(const SparseView<Scalar>& view, Index j, double weight, std::span<double> sums) {
  const auto at = static_cast<std::size_t>(j);
  for (Index k = view.column_starts[at]; k < view.column_starts[at + 1]; ++k) {
    const auto entry = static_cast<std::size_t>(k);
    sums[static_cast<std::size_t>(view.row_indices[entry])] += weight * static_cast<double>(view.values[entry]);
  }
}

BlockOptions block_options(const Dataset& dataset, const std::string& file) {
  const bool is_compressed = has_gzip_name(file);
  const std::uint64_t file_bytes = std::filesystem::file_size(file);
  const std::uint64_t whole = file_bytes * kLoadedBytesOfAByte * (is_compressed ? kInflation : 1);
  const auto dense = static_cast<std::uint64_t>(dataset.rows()) * sizeof(double);
  const std::uint64_t average = whole / static_cast<std::uint64_t>(dataset.columns()) + 1;
  const std::uint64_t column_bytes = std::min(dense, average);
  const bool is_read_in_parts = format_extension(file) == ".npy" && !is_compressed;
  return {.most = static_cast<Index>(kBlockBytes / column_bytes),
          .gap = is_read_in_parts ? static_cast<Index>(kGapBytes / column_bytes) + 1 : dataset.columns()};
}

}  // namespace

std::vector<ColumnRange> column_blocks(std::span<const Index> columns, const BlockOptions& options) {
  std::vector<ColumnRange> blocks;
  for (const Index column : columns) {
    if (!blocks.empty()) {
      ColumnRange& last = blocks.back();
      const Index between = column - (last.first + last.count);
      if (column - last.first < options.most && between < options.gap) {
        last.count = column - last.first + 1;
        continue;
      }
    }
    blocks.push_back({column, 1});
  }
  return blocks;
}

std::vector<double> predictions(const Dataset& dataset, const std::string& file,
                                std::span<const Coefficient> coefficients, double intercept) {
  std::vector<double> sums(static_cast<std::size_t>(dataset.rows()), intercept);
  std::vector<Index> columns;
  for (const auto& coefficient : coefficients) columns.push_back(coefficient.column);
  auto next = coefficients.begin();
  for (const ColumnRange& block : column_blocks(columns, block_options(dataset, file))) {
    const Matrix matrix = dataset.load(block);
    std::visit(
        [&](const auto& loaded) {
          for (; next != coefficients.end() && next->column < block.first + block.count; ++next)
            add_column(loaded.view(), next->column - block.first, next->value, sums);
        },
        matrix);
  }
  return sums;
}

Fit fit_of(std::span<const double> predicted, std::span<const double> target) {
  assert(predicted.size() == target.size());
  const auto n = static_cast<double>(target.size());
  const double mean = std::accumulate(target.begin(), target.end(), 0.0) / n;
  double errors = 0.0, deviations = 0.0;
  for (std::size_t i = 0; i < target.size(); ++i) {
    errors += (target[i] - predicted[i]) * (target[i] - predicted[i]);
    deviations += (target[i] - mean) * (target[i] - mean);
  }
  return {errors / n, deviations > 0 ? 1.0 - errors / deviations : std::numeric_limits<double>::quiet_NaN()};
}

}  // namespace wolfpack::data
