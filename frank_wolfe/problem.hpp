// Which problems a run solves: least squares with the l1 norm bounded or penalised, one problem or a path of them.
//
//     SolveOptions one{.path = {{l1_constraint(2.0)}}};
//     SolveOptions hundred{.path = automatic_path(100, 0.01)};
//
// Values only: any thread.
#pragma once

#include <cstddef>
#include <vector>

namespace wolfpack::frank_wolfe {

/// What keeps alpha small.
struct L1Term {
  enum class Form {
    constraint,  ///< ||alpha||_1 <= value; value is beta
    penalty,     ///< + value ||alpha||_1; value is lambda
  };
  Form form = Form::constraint;
  double value = 1.0;  ///< finite; beta > 0, lambda >= 0

  [[nodiscard]] bool is_penalty() const { return form == Form::penalty; }
};

[[nodiscard]] inline L1Term l1_constraint(double beta) { return {L1Term::Form::constraint, beta}; }
[[nodiscard]] inline L1Term l1_penalty(double lambda) { return {L1Term::Form::penalty, lambda}; }

/// Problems that are solved one after another, each from where the last one ended.
struct Path {
  std::vector<L1Term> terms;  ///< of one form; empty: an automatic path
  /// An automatic path is that of glmnet: so many penalties at equal ratios, from the smallest lambda for which alpha =
  /// 0 is optimal, max_j |a_j'y|, down to smallest_ratio times it.
  std::size_t points = 0;
  double smallest_ratio = 0.01;

  [[nodiscard]] bool is_automatic() const { return terms.empty(); }
  [[nodiscard]] std::size_t size() const { return is_automatic() ? points : terms.size(); }
};

[[nodiscard]] inline Path automatic_path(std::size_t points, double smallest_ratio) {
  return {.terms = {}, .points = points, .smallest_ratio = smallest_ratio};
}

}  // namespace wolfpack::frank_wolfe
