// A user's program. With orthonormal columns the optimum is soft thresholding: (3, 2) on the ball of radius 3 gives (2,
// 1).
#include <cstdio>
#include <vector>
#include <wolfpack/experiments/solve_lasso.hpp>

int main() {
  const std::vector<double> a = {1, 0, 0, 1}, y = {3, 2};
  const auto solution =
      wolfpack::solve_lasso(wolfpack::DenseView<double>{a.data(), 2, 2, 2}, y, {.beta = 3.0, .workers = 2});
  for (std::size_t k = 0; k < solution.columns.size(); ++k)
    std::printf("alpha[%d] = %.3f\n", static_cast<int>(solution.columns[k]), solution.weights[k]);
  std::printf("objective %.3f\n", solution.objective);
}
