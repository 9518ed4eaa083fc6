#include "sgd/logistic_loss.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace wolfpack::sgd {
namespace {

TEST(LogisticLoss, IsWhatItsFormulaSays) {
  for (const double margin : {-30.0, -2.0, -0.5, 0.0, 0.1, 1.0, 20.0}) {
    const long double m = margin;
    EXPECT_NEAR(log_loss(margin), static_cast<double>(std::log1p(std::exp(-m))), 1e-15 * (1 + std::abs(margin)));
    EXPECT_NEAR(log_loss_slope(margin), static_cast<double>(-1 / (1 + std::exp(m))), 1e-15);
  }
}

TEST(LogisticLoss, StaysFiniteAndExactAtMarginsThatOverflowAnExponential) {
  EXPECT_EQ(log_loss(-1e6), 1e6);
  EXPECT_EQ(log_loss(1e6), 0.0);
  EXPECT_EQ(log_loss_slope(-1e6), -1.0);
  EXPECT_EQ(log_loss_slope(1e6), 0.0);
  EXPECT_GT(log_loss(700.0), 0.0) << "no rounding to 0 before float64 itself does";
}

TEST(LogisticLoss, SlopeIsTheDerivative) {
  constexpr double h = 1e-6;
  for (const double margin : {-5.0, -1.0, 0.0, 0.7, 4.0})
    EXPECT_NEAR((log_loss(margin + h) - log_loss(margin - h)) / (2 * h), log_loss_slope(margin), 1e-9);
}

}  // namespace
}  // namespace wolfpack::sgd
