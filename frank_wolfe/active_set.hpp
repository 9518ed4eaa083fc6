// The exact solver inside the corrective step: min 1/2 ||y - A_S x||^2, with ||x||_1 <= beta or + lambda ||x||_1, over
// a small set S of columns.
//
// An active-set method. The support P (the columns with weight) has fixed signs s and an invertible Gram matrix G, kept
// as a Cholesky factor that is up- and downdated and survives from one call to the next. The optimum for P and s is x =
// G^-1 (c - lambda s), where a constraint, if it is active, fixes lambda; we move towards it until the first weight
// changes sign, drop that column, and repeat. Then the most violating column of S, |a_j'w| > lambda, joins P with the
// sign of its score. New columns first join together, as many as move in the sense of their sign, which does most of
// the work; one at a time then makes it exact (joining together alone ended above the optimum of S in 18 of 50 trials).
// Everything is written as a correction of the current x by scores a_k'w, so that fresh scores taken from the columns
// make the same move an iterative refinement (the corrected semi-normal equations, Bjoerck 1987).
//
//     ActiveSet set(y, l1_constraint(beta));  set.add(columns);  if (set.solve()) use(set.weights()); set.drop_zeros();
//
// One thread. Columns are known by their slot: their place in order of arrival among those still held.
#pragma once

#include <span>
#include <vector>

#include "base/large_array.hpp"
#include "base/matrix.hpp"
#include "base/types.hpp"
#include "frank_wolfe/column_store.hpp"
#include "frank_wolfe/gram_factor.hpp"
#include "frank_wolfe/problem.hpp"

namespace wolfpack::frank_wolfe {

class ActiveSet {
 public:
  /// target: y, d values.
  ActiveSet(std::vector<double> target, const L1Term& term);

  [[nodiscard]] Index size() const { return columns_.size(); }
  [[nodiscard]] const ColumnStore& columns() const { return columns_; }

  /// x, one value a slot.
  [[nodiscard]] std::span<const double> weights() const { return weights_; }

  /// lambda: the common |a_k'w| of the support; 0 while a constraint is idle.
  [[nodiscard]] double level() const { return level_; }

  /// A x and the scores a_k'w, one value a slot, as computed from the columns for the current x; empty where x has
  /// moved since, which it has not after solve().
  [[nodiscard]] std::span<const double> product() const { return is_fresh() ? product_ : std::span<const double>(); }
  [[nodiscard]] std::span<const double> scores() const { return is_fresh() ? scores_ : std::span<const double>(); }

  /// Another problem, from the current x on, scaled down where a constraint asks for it. The next solve() does the
  /// rest.
  void restate(const L1Term& term);

  /// Adds columns with weight 0. Throws std::invalid_argument, and adds none, where one does not fit d rows.
  void add(std::span<const Column* const> added);

  /// Solves over all columns held. False, and nothing done, where the problem is not a new one and no column outside
  /// the support exceeds the level. Ends after a bounded number of moves, each of which lowers the objective; short of
  /// the optimum only where rounding leaves nothing to gain.
  [[nodiscard]] bool solve();

  /// Takes out all columns of weight 0 and returns the slots that stay, increasing.
  std::vector<Index> drop_zeros();

  /// Replaces x (a feasible one), one value a slot, and factors its support anew. Where its columns are dependent, x is
  /// exchanged for one with the same A x and no larger norm.
  void restart(std::span<const double> x);

 private:
  struct Extension {
    std::vector<double> row;  // R^-T G_Pj
    double pivot_squared;     // ||a_j - its projection on the support||^2
    bool independent;
  };
  struct Blocked {
    double step;
    Index position;  // in the support; -1 where nothing blocks
  };

  void extend_gram();
  [[nodiscard]] double gram(Index i, Index j) const { return gram_[at(i) + at(j) * gram_stride_]; }
  [[nodiscard]] const double* gram_column(Index j, Index first) const {
    return gram_.data() + at(first) + at(j) * gram_stride_;
  }
  [[nodiscard]] static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  [[nodiscard]] bool is_constrained() const { return !term_.is_penalty(); }
  [[nodiscard]] double radius() const { return term_.value; }  // beta, of a constraint
  [[nodiscard]] bool is_fresh() const { return fresh_ == size(); }
  void evaluate();
  void refresh();
  void update_magnitude();
  void update_level();
  [[nodiscard]] double residual() const;
  [[nodiscard]] double rounding(Index slot) const;
  void polish();
  void refactor();

  void update_candidates(Index first);
  [[nodiscard]] double excess(Index slot) const;
  [[nodiscard]] bool may_enter(Index slot) const;
  [[nodiscard]] Index most_violating(Index first) const;
  bool enter_together(Index first);
  [[nodiscard]] std::vector<Index> violating(Index first) const;
  bool drop_crossing(std::span<const double> direction, double least_gain);
  bool drop_together(std::span<const double> direction, double step, std::span<const Blocked> crossing,
                     double least_gain);
  bool join_together(std::vector<Index> joining);
  void join_independent(std::span<const Index> slots, std::span<const double> rows);
  void enter(Index slot);
  void exchange(Index slot, const Extension& extension);
  void settle(Index slot);
  void move_to_target();
  [[nodiscard]] std::vector<double> direction_to_target(std::vector<double>& reduced);
  void correct_norm(std::vector<double>& reduced, std::vector<double>& direction);
  [[nodiscard]] Extension extend(Index slot) const;
  void join(Index slot, const Extension& extension);
  void drop(Index position);
  [[nodiscard]] Blocked first_zero(std::span<const double> direction) const;
  void move(std::span<const double> direction, double step);
  [[nodiscard]] double norm() const;
  [[nodiscard]] bool weights_have_their_signs() const;

  std::vector<double> target_;
  L1Term term_;
  bool restated_ = false;
  double target_norm_;

  ColumnStore columns_;
  LargeArray<double> gram_;  // gram_stride_ x gram_stride_, the first gram_size_ rows and columns filled
  std::size_t gram_stride_ = 0;
  Index gram_size_ = 0;

  // One value a slot.
  std::vector<double> weights_;
  std::vector<double> signs_;       // 0 outside the support
  std::vector<double> scores_;      // a_j'w; those of the support are current only after refresh()
  std::vector<double> entered_at_;  // progress_ when the slot last entered; negative where it never did

  // The support, in the factor's order, and three vectors of its length in the factor's coordinates.
  std::vector<Index> support_;
  GramFactor factor_;
  std::vector<double> reduced_scores_;  // R^-T A_P'w
  std::vector<double> reduced_signs_;   // R^-T s

  double level_ = 0.0;
  double magnitude_ = 0.0;            // ||y|| + sum |x_k| ||a_k||: rounding of w is a few eps times this
  double progress_ = 0.0;             // how much the objective fell by all moves of this solve()
  std::vector<double> base_weights_;  // x and the scores at the last refresh()
  std::vector<double> base_scores_;
  std::vector<double> product_, dual_;  // A x and w at the last refresh()
  Index fresh_ = -1;                    // slots whose scores are from the columns and of the current x; -1: x has moved
};

}  // namespace wolfpack::frank_wolfe
