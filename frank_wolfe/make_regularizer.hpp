// From the description of a problem to its regularizer.
//
//     const auto regularizer = make_regularizer(l1_penalty(0.5));
#pragma once

#include <memory>

#include "frank_wolfe/l1_ball.hpp"
#include "frank_wolfe/l1_penalty.hpp"
#include "frank_wolfe/problem.hpp"

namespace wolfpack::frank_wolfe {

/// Throws InputError where the term's value is out of range.
[[nodiscard]] inline std::unique_ptr<Regularizer> make_regularizer(const L1Term& term) {
  if (term.is_penalty()) return std::make_unique<L1Penalty>(term.value);
  return std::make_unique<L1Ball>(term.value);
}

}  // namespace wolfpack::frank_wolfe
