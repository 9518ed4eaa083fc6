#include "sgd/samples.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace wolfpack::sgd {
namespace {

/// Calls use(sample, feature, value) for every entry that is not 0, feature by feature.
template <class Scalar, class Use>
void for_each_entry(const SparseView<Scalar>& matrix, Use use) {
  for (Index j = 0; j < matrix.columns; ++j)
    for (auto k = static_cast<std::size_t>(matrix.column_starts[static_cast<std::size_t>(j)]);
         k < static_cast<std::size_t>(matrix.column_starts[static_cast<std::size_t>(j) + 1]); ++k)
      if (matrix.values[k] != Scalar{0}) use(Index{matrix.row_indices[k]}, j, static_cast<double>(matrix.values[k]));
}

template <class Scalar, class Use>
void for_each_entry(const DenseView<Scalar>& matrix, Use use) {
  for (Index j = 0; j < matrix.columns; ++j) {
    const auto column = matrix.column(j);
    for (std::size_t i = 0; i < column.size(); ++i)
      if (column[i] != Scalar{0}) use(static_cast<Index>(i), j, static_cast<double>(column[i]));
  }
}

template <class View>
Samples take(const View& matrix, std::span<const double> labels, Index first, Index stride) {
  Samples mine;
  mine.features = matrix.columns;
  for (Index i = first; i < matrix.rows; i += stride) mine.labels.push_back(labels[static_cast<std::size_t>(i)]);
  mine.starts.assign(mine.size() + 1, 0);
  for_each_entry(matrix, [&](Index sample, Index, double) {
    if (sample % stride == first) ++mine.starts[static_cast<std::size_t>(sample / stride) + 1];
  });
  for (std::size_t i = 0; i < mine.size(); ++i) mine.starts[i + 1] += mine.starts[i];
  mine.entry_indices.resize(static_cast<std::size_t>(mine.starts.back()));
  mine.entry_values.resize(mine.entry_indices.size());
  std::vector<Index> next(mine.starts.begin(), mine.starts.end() - 1);
  for_each_entry(matrix, [&](Index sample, Index feature, double value) {
    if (sample % stride != first) return;
    const auto at = static_cast<std::size_t>(next[static_cast<std::size_t>(sample / stride)]++);
    mine.entry_indices[at] = static_cast<std::int32_t>(feature);
    mine.entry_values[at] = value;
  });
  return mine;
}

}  // namespace

Samples take_samples(const MatrixView& matrix, std::span<const double> labels, WorkerId worker, std::size_t workers) {
  assert(static_cast<Index>(labels.size()) == rows(matrix) && worker.value < workers);
  return std::visit(
      [&](const auto& view) { return take(view, labels, Index{worker.value}, static_cast<Index>(workers)); }, matrix);
}

FeatureSummary summarise(const Samples& samples) {
  const auto features = static_cast<std::size_t>(samples.features);
  FeatureSummary summary{samples.size(), std::vector<double>(features), std::vector<double>(features)};
  for (std::size_t k = 0; k < samples.entry_indices.size(); ++k) {
    const auto j = static_cast<std::size_t>(samples.entry_indices[k]);
    summary.counts[j] += 1.0;
    summary.largest[j] = std::max(summary.largest[j], std::abs(samples.entry_values[k]));
  }
  return summary;
}

void add_to(FeatureSummary& all, const FeatureSummary& part) {
  all.samples += part.samples;
  for (std::size_t j = 0; j < all.counts.size(); ++j) {
    all.counts[j] += part.counts[j];
    all.largest[j] = std::max(all.largest[j], part.largest[j]);
  }
}

}  // namespace wolfpack::sgd
