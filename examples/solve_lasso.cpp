// The smallest use of the library: a LASSO on one's own memory, solved by two worker threads.
#include "experiments/solve_lasso.hpp"

#include <cstdio>
#include <vector>

int main() {
  const std::vector<double> a = {1, 0, 0, 0, 1, 0};  // 3 x 2, column-major: two orthonormal columns
  const std::vector<double> y = {3, 1, 5};
  const wolfpack::DenseView<double> matrix{a.data(), 3, 2, 3};
  const auto solution = wolfpack::solve_lasso(matrix, y, {.beta = 3.0, .workers = 2});
  for (std::size_t k = 0; k < solution.columns.size(); ++k)
    std::printf("alpha[%ld] = %.3f\n", static_cast<long>(solution.columns[k]), solution.weights[k]);
  std::printf("objective %.3f, at most %.1e above the optimum\n", solution.objective, solution.gap);
}
