// How the owner of the model moves: workers propose atoms that they chose by a stale dual vector, the rule answers with
// a feasible iterate.
//
//     if (rule.advance(proposals)) publish(rule.iterate());
//
// One thread, the owner's. Every rule keeps two promises, whatever the proposals' staleness: its iterate is feasible,
// and its objective never rises by more than 1e-12 f(0) above the lowest it had. Two methods break the second one, as
// published, and say so: tran.hpp, and bellet_step.hpp with StepSize::open_loop.
#pragma once

#include <span>
#include <vector>

#include "base/matrix.hpp"
#include "base/status.hpp"
#include "base/types.hpp"
#include "frank_wolfe/problem.hpp"

namespace wolfpack::frank_wolfe {

/// An atom that a worker proposes.
struct Proposal {
  Index index = 0;     ///< the column's place in the whole matrix
  double score = 0.0;  ///< a_j'w at the version that the worker had read
  Column column;       ///< a_j, d rows
};

/// A whole alpha that a worker wants in the place of the current one. Only tran.hpp sends them.
struct Candidate {
  std::vector<Index> columns;   ///< where alpha is not zero, increasing
  std::vector<double> weights;  ///< alpha there
  Proposal atom;                ///< the one of the columns that the owner may not know yet
};

/// One iterate, with all that a reader needs of it.
struct Iterate {
  std::vector<Index> columns;   ///< where alpha is not zero, increasing
  std::vector<double> weights;  ///< alpha there
  std::vector<double> dual;     ///< w = -grad f(A alpha), d values
  double loss = 0.0;            ///< f(A alpha)
  double objective = 0.0;       ///< what is minimised: f(A alpha) + r(alpha)
  double level = 0.0;           ///< atoms with |a_j'w| at most this cannot help: max |a_k'w| over the active atoms, 0
                                ///< while a constraint is idle, at least lambda with a penalty
  double inner = 0.0;           ///< <w, A alpha>
};

/// Bit for bit.
[[nodiscard]] inline bool same_alpha(const Iterate& a, const Iterate& b) {
  return a.columns == b.columns && a.weights == b.weights;
}

class StepRule {
 public:
  virtual ~StepRule() = default;

  /// Takes in one round of proposals. True where the iterate changed; where not, it is the old one bit for bit. The
  /// outcome depends on the proposals and their order alone. Throws std::invalid_argument where a column does not fit d
  /// rows.
  [[nodiscard]] virtual bool advance(std::span<const Proposal> proposals) = 0;

  /// Takes in a candidate; the next advance() answers. Throws RuntimeFailure where the rule takes none.
  virtual void overwrite(Candidate) { throw RuntimeFailure("a candidate iterate for a step rule that takes none"); }

  /// Another problem with the same f and columns, from the current alpha on, made feasible: solved over the atoms held.
  /// The objective may rise once. Throws RuntimeFailure where the rule solves one problem only.
  virtual void restate(const L1Term&) { throw RuntimeFailure("another problem for a step rule that solves only one"); }

  [[nodiscard]] virtual const Iterate& iterate() const = 0;
};

}  // namespace wolfpack::frank_wolfe
