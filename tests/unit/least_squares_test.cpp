#include "frank_wolfe/least_squares.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.hpp"

namespace wolfpack::frank_wolfe {
namespace {

TEST(LeastSquares, ValuesAndDualVectorByHand) {
  const LeastSquares f({3.0, 1.0});
  EXPECT_EQ(f.rows(), 2);
  std::vector<double> z{1.0, 2.0};
  EXPECT_DOUBLE_EQ(f.value(z), 2.5);
  f.dual(z, z);  // in place
  EXPECT_EQ(z, (std::vector<double>{2.0, -1.0}));
}

TEST(LeastSquares, TheDualVectorIsTheNegativeGradient) {
  const LeastSquares f({0.3, -1.2, 2.0});
  const std::vector<double> z{0.1, 0.4, -0.7};
  std::vector<double> w(3);
  f.dual(z, w);
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double h = 1e-5;
    std::vector<double> up = z;
    std::vector<double> down = z;
    up[i] += h;
    down[i] -= h;
    EXPECT_NEAR((f.value(down) - f.value(up)) / (2.0 * h), w[i], 1e-9);
  }
}

TEST(LeastSquares, RefusesATargetThatIsNotFinite) { EXPECT_THROW(LeastSquares({1.0, std::nan("")}), InputError); }

TEST(LeastSquares, RefusesATargetWhoseSquaresAreNoNumbers) {
  for (const double bad : {1e141, 1e155, -1e300, 1e-141, 1e-170, 5e-324}) {
    EXPECT_THROW(check_target(std::vector<double>{0.0, bad}), InputError) << bad;
    EXPECT_THROW(LeastSquares({bad}), InputError) << bad;
  }
  for (const std::vector<double>& good :
       std::vector<std::vector<double>>{{}, {0.0, 0.0}, {1e139, 1e139}, {1e-139, 0.0}, {1.0, 1e-300}})
    EXPECT_NO_THROW(check_target(good));
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
