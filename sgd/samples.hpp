// The samples of one worker: a row each, compressed (CSR), with labels; loaded once, kept for the whole run.
//
//     const Samples mine = take_samples(view(matrix), labels, worker, workers);
//     for (std::size_t i = 0; i < mine.size(); ++i) use(mine.indices(i), mine.values(i), mine.labels[i]);
//
// A plain value; safe to read from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.hpp"
#include "base/types.hpp"

namespace wolfpack::sgd {

struct Samples {
  Index features = 0;
  std::vector<Index> starts{0};             ///< sample i's entries are starts[i] <= k < starts[i + 1]
  std::vector<std::int32_t> entry_indices;  ///< features, strictly increasing within a sample
  std::vector<double> entry_values;         ///< none is 0
  std::vector<double> labels;               ///< +1 or -1

  [[nodiscard]] std::size_t size() const { return labels.size(); }
  [[nodiscard]] std::span<const std::int32_t> indices(std::size_t i) const { return part(entry_indices, i); }
  [[nodiscard]] std::span<const double> values(std::size_t i) const { return part(entry_values, i); }

 private:
  template <class T>
  [[nodiscard]] std::span<const T> part(const std::vector<T>& all, std::size_t i) const {
    return std::span(all).subspan(static_cast<std::size_t>(starts[i]),
                                  static_cast<std::size_t>(starts[i + 1] - starts[i]));
  }
};

/// Worker i of P gets the samples i, i + P, i + 2P, ...: a file sorted by class gives every worker both classes; one
/// whose classes alternate may give a worker only one (P = 2), and then should be shuffled.
/// `matrix`: samples x features; `labels`: one a sample, +1 or -1. Copies; takes memory for the worker's own entries.
[[nodiscard]] Samples take_samples(const MatrixView& matrix, std::span<const double> labels, WorkerId worker,
                                   std::size_t workers);

/// What the step and the regulariser have to know of the whole data set.
struct FeatureSummary {
  std::uint64_t samples = 0;
  std::vector<double> counts;   ///< samples in which a feature is not 0
  std::vector<double> largest;  ///< largest absolute value of a feature; 0 where it is in no sample
};
[[nodiscard]] FeatureSummary summarise(const Samples& samples);
void add_to(FeatureSummary& all, const FeatureSummary& part);

}  // namespace wolfpack::sgd
