#include "frank_wolfe/assemble_iterate.hpp"

#include <algorithm>
#include <cassert>
#include <vector>

#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

Iterate assemble_iterate(const Objective& objective, const Regularizer& regularizer, const ColumnStore& columns,
                         std::span<const Index> atoms, std::span<const double> x, std::span<const double> product) {
  assert(static_cast<Index>(x.size()) == columns.size() && atoms.size() == x.size());
  std::vector<double> weights(x.begin(), x.end());
  regularizer.pull_inside(weights);
  std::vector<double> z(product.begin(), product.end());
  if (z.empty() || !std::equal(weights.begin(), weights.end(), x.begin())) {
    z.resize(static_cast<std::size_t>(columns.rows()));
    columns.product(weights, z);
  }

  Iterate next;
  next.dual.resize(z.size());
  objective.dual(z, next.dual);
  next.loss = objective.value(z);
  next.objective = next.loss + regularizer.value(weights);
  next.inner = dot(next.dual, z);

  std::vector<std::size_t> order;
  for (std::size_t slot = 0; slot < weights.size(); ++slot) {
    if (weights[slot] != 0.0) order.push_back(slot);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return atoms[a] < atoms[b]; });
  for (const std::size_t slot : order) {
    next.columns.push_back(atoms[slot]);
    next.weights.push_back(weights[slot]);
  }
  return next;
}

}  // namespace wolfpack::frank_wolfe
