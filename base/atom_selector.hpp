// The contract of the compute backends (cpu/, gpu/): choosing atoms of one partition for a dual vector.
//
// An AtomSelector serves one partition A_i (d x n_i) for the whole run. It belongs to one worker's thread. Columns are
// counted within the partition. All backends obey the same rules, tested against cpu/reference_atom_selector.hpp:
//
//   - scores of the columns in the answer are a_j'w as close as float64 gives it, whatever the storage;
//   - larger |score| first; of equal |score| the smaller column first;
//   - largest_score is an upper bound of max_j |a_j'w| over the *whole* partition, exact up to float64 rounding, and 0
//     for an empty one. A backend that multiplies in float32 evaluates again, in float64, every column that its
//     rounding bound leaves a chance to be the largest.
//
//     SelectedAtoms best = selector.select({.dual = w, .level = level, .count = 10, .excluded = active});
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.hpp"
#include "base/types.hpp"

namespace wolfpack {

/// An atom worth proposing: its column and a_j'w.
struct ScoredAtom {
  Index column = 0;
  double score = 0.0;
};

struct SelectionRequest {
  std::span<const double> dual;     ///< w, d values, finite
  double level = 0.0;               ///< only atoms with |a_j'w| > level are proposed; >= 0
  std::size_t count = 1;            ///< at most so many (the K of top K)
  std::span<const Index> excluded;  ///< columns not to propose, increasing; they still count in largest_score
};

struct SelectedAtoms {
  std::vector<ScoredAtom> atoms;  ///< at most `count`, best first
  double largest_score = 0.0;     ///< max_j |a_j'w| over the partition
  Index columns_evaluated = 0;    ///< how many columns the pass read
  std::uint64_t bytes_read = 0;   ///< matrix bytes the pass read
};

class AtomSelector {
 public:
  virtual ~AtomSelector() = default;

  [[nodiscard]] virtual Index rows() const = 0;
  [[nodiscard]] virtual Index columns() const = 0;

  /// One pass over the partition. Throws std::invalid_argument where the dual vector has not d values.
  [[nodiscard]] virtual SelectedAtoms select(const SelectionRequest& request) = 0;

  /// N_i, the largest column norm, rounded up so that it is a true bound; 0 for an empty partition. May be called after
  /// the first select(), which computes the norms in the same pass; before it, costs a pass of its own.
  [[nodiscard]] virtual double largest_norm() = 0;

  /// Column j of the partition in float64: sparse where the storage is.
  [[nodiscard]] virtual Column column(Index j) const = 0;
};

}  // namespace wolfpack
