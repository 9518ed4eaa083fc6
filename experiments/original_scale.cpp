#include "experiments/original_scale.hpp"

#include <algorithm>
#include <utility>

#include "base/bytes.hpp"
#include "base/status.hpp"

namespace wolfpack::experiments {
namespace {

struct ColumnScale {
  double mean = 0.0;
  double scale = 1.0;
};

/// Of all points, increasing, each once.
std::vector<Index> columns_of(const std::vector<frank_wolfe::PathPoint>& points) {
  std::vector<Index> columns;
  for (const auto& point : points) columns.insert(columns.end(), point.columns.begin(), point.columns.end());
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

template <class T>
Bytes to_bytes(const std::vector<T>& values) {
  Bytes bytes;
  ByteWriter(bytes).array(std::span<const T>(values));
  return bytes;
}

template <class T>
std::vector<T> from_bytes(const Bytes& bytes) {
  return ByteReader(bytes).array<T>(bytes.size() / sizeof(T));
}

std::vector<ColumnScale> own_scales(const std::vector<Index>& columns, const cpu::ColumnTransform& transform,
                                    ColumnRange mine) {
  std::vector<ColumnScale> scales;
  for (const Index column : columns) {
    if (column < mine.first || column >= mine.first + mine.count) continue;
    const auto j = static_cast<std::size_t>(column - mine.first);
    scales.push_back(
        {transform.means.empty() ? 0.0 : transform.means[j], transform.scales.empty() ? 1.0 : transform.scales[j]});
  }
  return scales;
}

LassoPoint back(frank_wolfe::PathPoint solved, const std::vector<Index>& columns,
                const std::vector<ColumnScale>& scales, std::optional<double> target_mean) {
  LassoPoint point{.solved = std::move(solved), .coefficients = {}, .intercept = target_mean};
  for (std::size_t k = 0; k < point.solved.columns.size(); ++k) {
    const auto at = std::lower_bound(columns.begin(), columns.end(), point.solved.columns[k]) - columns.begin();
    const ColumnScale& of_column = scales[static_cast<std::size_t>(at)];
    point.coefficients.push_back(point.solved.weights[k] / of_column.scale);
    if (point.intercept) *point.intercept -= of_column.mean * point.coefficients.back();
  }
  return point;
}

}  // namespace

std::vector<LassoPoint> on_original_scale(runtime::Job& job, std::vector<frank_wolfe::PathPoint> points,
                                          const cpu::ColumnTransform& transform, ColumnRange mine,
                                          std::optional<double> target_mean) {
  // Worker 0 asks for its solutions' columns; the workers, whose columns follow each other, answer for their own.
  const auto columns = from_bytes<Index>(job.allgather(to_bytes(columns_of(points))).front());
  std::vector<ColumnScale> scales;
  for (const Bytes& answer : job.allgather(to_bytes(own_scales(columns, transform, mine)))) {
    const auto own = from_bytes<ColumnScale>(answer);
    scales.insert(scales.end(), own.begin(), own.end());
  }
  if (scales.size() != columns.size()) throw RuntimeFailure("a column of the solution belongs to no worker");
  std::vector<LassoPoint> result;
  for (auto& point : points) result.push_back(back(std::move(point), columns, scales, target_mean));
  return result;
}

}  // namespace wolfpack::experiments
