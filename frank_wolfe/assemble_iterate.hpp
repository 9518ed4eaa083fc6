// From weights on columns to what is published: one way for all step rules, so that what a run claims is always what
// its coefficients say.
//
//     Iterate next = assemble_iterate(objective, ball, columns, atoms, x);
//
// Any thread.
#pragma once

#include <span>

#include "frank_wolfe/column_store.hpp"
#include "frank_wolfe/objective.hpp"
#include "frank_wolfe/regularizer.hpp"
#include "frank_wolfe/step_rule.hpp"

namespace wolfpack::frank_wolfe {

/// The iterate with alpha = x on `atoms`, zeros left out: feasible to the last bit, its w, f(A alpha) and <w, A alpha>
/// computed from the columns. Its level is 0, which is right for every rule that lets workers skip no column.
/// `product`: A x where it is known, as the columns give it, else empty; it serves where x is feasible as it is.
/// x and atoms: one a slot of `columns`; atoms are the columns' places in the whole matrix, each once. O(d * slots).
[[nodiscard]] Iterate assemble_iterate(const Objective& objective, const Regularizer& regularizer,
                                       const ColumnStore& columns, std::span<const Index> atoms,
                                       std::span<const double> x, std::span<const double> product = {});

}  // namespace wolfpack::frank_wolfe
