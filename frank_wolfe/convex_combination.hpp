// A point of the l1 ball as a convex combination of vertices, with the columns that it is made of: what all steps along
// a line move.
//
// The ball's vertices are +-beta e_j. The combination follows from alpha alone: vertex sign(alpha_j) beta e_j has the
// share |alpha_j| / beta, and what is left of 1 is the share of the origin, which counts as a vertex too
// (Lacoste-Julien and Jaggi, NIPS 2015, ask for a finite set that spans the feasible one; a point more in it does no
// harm).
//
//     ConvexCombination point(LeastSquares(y), L1Ball(beta));
//     point.hold(proposals);
//     point.descend(point.toward(point.best(point.scores())));                 // one Frank-Wolfe step
//     const Iterate next = point.assemble();  point.restore(next);
//
// One thread. Columns are known by their slot, from 0; they are copied, and kept until restore() finds them without
// weight. w follows the steps by recurrence; assemble() computes it from the columns, and restore() takes that.
#pragma once

#include <span>
#include <vector>

#include "frank_wolfe/column_store.hpp"
#include "frank_wolfe/l1_ball.hpp"
#include "frank_wolfe/least_squares.hpp"
#include "frank_wolfe/step_rule.hpp"

namespace wolfpack::frank_wolfe {

/// sign * beta * e_slot; the origin where slot is kOrigin.
struct Vertex {
  static constexpr Index kOrigin = -1;
  Index slot = kOrigin;
  double sign = 0.0;
};

/// Where alpha may go from where it is: alpha + t * (scale * alpha + sum of the terms' vertices), 0 <= t <= max_step.
struct Direction {
  struct Term {
    Vertex vertex;
    double factor;
  };
  double scale = 0.0;
  std::vector<Term> terms;
  double max_step = 1.0;           ///< may be infinite
  Index leaves = Vertex::kOrigin;  ///< the slot that has no weight left at max_step
};

class ConvexCombination {
 public:
  /// Starts at alpha = 0, all of it the origin's share.
  ConvexCombination(LeastSquares objective, L1Ball ball);

  /// Takes in the columns that are new, with weight 0. The slots of all proposals in their order, columns of zeros left
  /// out: they move nothing. Throws std::invalid_argument where a column does not fit d rows.
  std::vector<Index> hold(std::span<const Proposal> proposals);

  /// a_slot'w at the point as it is now.
  [[nodiscard]] double score(Index slot) const { return columns_.score(slot, dual_); }
  [[nodiscard]] std::vector<double> scores() const;

  /// <w, A alpha>.
  [[nodiscard]] double inner() const;
  /// <w, A vertex>, given all scores. The direction from a to b descends where inner(b) > inner(a).
  [[nodiscard]] double inner(const Vertex& vertex, std::span<const double> scores) const;

  /// The vertex of a column that descends: sign(score) beta e_slot.
  [[nodiscard]] static Vertex uphill(Index slot, double score) { return {slot, score < 0.0 ? -1.0 : 1.0}; }
  /// The Frank-Wolfe vertex among the columns held: the largest |score|, of equals the first; the origin where none is
  /// held.
  [[nodiscard]] Vertex best(std::span<const double> scores) const;
  /// The away vertex: the worst among those with a share, the origin included.
  [[nodiscard]] Vertex worst(std::span<const double> scores) const;

  /// Of a vertex in the combination, 0 to 1. A share of the origin that is no more than rounding counts as none.
  [[nodiscard]] double share(const Vertex& vertex) const;

  /// A Frank-Wolfe step.
  [[nodiscard]] Direction toward(const Vertex& vertex) const;
  /// An away step. The vertex's share must be well below 1: the direction has no length at 1.
  [[nodiscard]] Direction away_from(const Vertex& vertex) const;
  /// A pairwise step.
  [[nodiscard]] Direction exchange(const Vertex& from, const Vertex& to) const;

  /// Moves to the least objective along the direction, and returns the step; 0 where the direction does not descend.
  double descend(const Direction& direction);
  /// Moves by a given step in [0, max_step].
  void move(const Direction& direction, double step);

  /// The point as it would be published.
  [[nodiscard]] Iterate assemble() const;
  /// Becomes this iterate, one that assemble() returned and whose columns are all still held, and lets go of columns
  /// without weight.
  void restore(const Iterate& iterate);

 private:
  [[nodiscard]] std::vector<double> image(const Direction& direction) const;
  void move(const Direction& direction, double step, std::span<const double> image);

  LeastSquares objective_;
  L1Ball ball_;
  ColumnStore columns_;
  std::vector<Index> atoms_;     // by slot: the column's place in the whole matrix
  std::vector<double> weights_;  // by slot: alpha
  std::vector<double> dual_;     // w = y - A alpha
};

}  // namespace wolfpack::frank_wolfe
