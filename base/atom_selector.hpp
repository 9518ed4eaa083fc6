// The contract of the compute backends (cpu/, gpu/): choosing atoms of one partition for a dual vector.
//
// An AtomSelector serves one partition A_i (d x n_i) for the whole run. It belongs to one worker's thread. Columns are
// counted within the partition. All backends obey the same rules, tested against cpu/reference_atom_selector.hpp:
//
//   - scores of the columns in the answer are a_j'w as close as float64 gives it, whatever the storage;
//   - larger |score| first; of equal |score| the smaller column first;
//   - largest_score is an upper bound of max_j |a_j'w| over the partition's columns that are not screened out, and no
//     more than the larger of that maximum and `level`, but for float64 rounding. A backend that multiplies in float32
//     evaluates again, in float64, every column that its rounding bound leaves a chance to be the largest.
//
// Columns that cannot matter need not be read (a lazy pass). What a column's last evaluation, at the dual vector u,
// says of its score at w is, with c = <u, w> / ||u||^2 and r = w - c u,
//
//     |a_j'w| <= |c| |a_j'u| + ||r|| sqrt(||a_j||^2 - (a_j'u)^2 / ||u||^2)            (Cauchy and Schwarz; r'u = 0)
//
// and a column whose bound is at most `level` is left out: the answer is the same as if it had been evaluated. So is a
// column that was found to be in no solution (screening, below). With level 0 nothing is left out.
//
// What is known of scores holds for any dual vector: a selector may serve one run after another. What is screened out
// is so for one problem only, and comes back with a request that names another problem or asks for no screening. The
// first request of a run asks for none: nothing is certified yet.
//
//     SelectedAtoms best = selector.select({.dual = w, .level = level, .count = 10, .excluded = active});
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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

/// Which columns are in no solution of the problem at hand: all with |a_j'w| + ||a_j|| radius < level, where the
/// optimum's dual vector is no farther than `radius` from w (Ndiaye et al. 2017, gap safe screening).
struct Screening {
  double radius = 0.0;
  double level = 0.0;
  std::uint64_t problem = 0;  ///< columns screened out for one problem come back when another number is given, or with
                              ///< a request that has no screening
};

struct SelectionRequest {
  std::span<const double> dual;     ///< w, d values, finite
  double level = 0.0;               ///< only atoms with |a_j'w| > level are proposed; >= 0
  std::size_t count = 1;            ///< at most so many (the K of top K)
  std::span<const Index> excluded;  ///< columns not to propose, increasing; they still count in largest_score
  /// A quick round: the backend looks only at columns that scored high in its last thorough pass, as many as it deems
  /// right, and largest_score is infinite. A backend may be thorough all the same.
  bool candidates_only = false;
  std::optional<Screening> screening = std::nullopt;  ///< none: no column is, and those that were come back
};

struct SelectedAtoms {
  std::vector<ScoredAtom> atoms;  ///< at most `count`, best first
  double largest_score = 0.0;     ///< see above
  Index columns_evaluated = 0;    ///< how many columns the pass looked at, as they are stored or in a copy
  Index columns_screened = 0;     ///< how many are screened out for the problem at hand
  std::uint64_t bytes_read = 0;   ///< what the pass read of the matrix and of copies
};

struct ColumnNorm {
  Index column = 0;
  double norm = 0.0;  ///< rounded up
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

  /// The first column whose norm, or what it is the difference of where it is centred, is neither 0 nor a size of
  /// base/scale.hpp; none where all are usable, or norms are not known yet: they are after the first select().
  [[nodiscard]] virtual std::optional<ColumnNorm> column_out_of_scale() const { return std::nullopt; }

  /// Column j of the partition in float64: sparse where the storage is.
  [[nodiscard]] virtual Column column(Index j) const = 0;
};

}  // namespace wolfpack
