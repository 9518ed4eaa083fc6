// The bound is put beside the scores themselves: the true one, in extended precision, and what a kernel makes of it.
// Bounds that are too small on purpose show that the search would find one.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "cpu/dot_kernels.hpp"
#include "cpu/score_bounds.hpp"

namespace wolfpack::cpu {
namespace {

using Vector = std::vector<double>;

double exact_dot(const Vector& a, const Vector& b) {
  long double sum = 0.0L;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<long double>(a[i]) * b[i];
  return static_cast<double>(sum);
}

double computed_dot(const Vector& a, const Vector& b) {
  return best_kernels().float64.dot(a.data(), b.data(), static_cast<std::int64_t>(a.size()), a.data());
}

DualVector dual(const Vector& values) { return {values, dual_norm(values)}; }

class RandomCases {
 public:
  explicit RandomCases(unsigned seed) : generator_(seed) {}

  Vector random(std::size_t rows, double scale) {
    Vector values(rows);
    for (double& value : values) value = scale * normal_(generator_);
    return values;
  }
  // b times a number, and a step off it: none, at the edge of rounding, small or large.
  Vector near(const Vector& b) {
    static constexpr double kSteps[] = {0.0, 1e-16, 1e-12, 1e-7, 1e-3, 1.0};
    const Vector step =
        random(b.size(), kSteps[generator_() % 6] * dual_norm(b) / std::sqrt(static_cast<double>(b.size())));
    const double factor = normal_(generator_);
    Vector values(b.size());
    for (std::size_t i = 0; i < b.size(); ++i) values[i] = factor * b[i] + step[i];
    return values;
  }
  double scale() { return std::pow(10.0, 10.0 * normal_(generator_)); }
  std::size_t rows() { return 1 + generator_() % 300; }

 private:
  std::mt19937_64 generator_;
  std::normal_distribution<double> normal_;
};

struct Terms {
  ScoreTerms at_u;
  BoundTerms at_w;
};

Terms terms(const Vector& u, const Vector& w) {
  Vector scratch;
  return {score_terms(dual(u)), bound_terms(dual(u), dual(w), scratch)};
}

double plain(const Terms& terms, double score, double norm) {
  return score_bound(terms.at_w, score, open_norm(terms.at_u, score, norm, norm), norm);
}

// In how many of many cases is the bound below the score? Columns lie close to u, to w or anywhere.
template <class Bound>
int breaches(Bound&& bound) {
  int found = 0;
  Vector scratch;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    RandomCases cases(seed);
    const Vector u = cases.random(cases.rows(), cases.scale());
    const Vector w = cases.near(u);
    const Terms terms{score_terms(dual(u)), bound_terms(dual(u), dual(w), scratch)};
    for (const Vector& a : {cases.random(u.size(), cases.scale()), cases.near(u), cases.near(w)}) {
      const double norm =
          dual_norm(a) * (1.0 + static_cast<double>(a.size() + 4) * std::numeric_limits<double>::epsilon());
      const double largest = std::max(std::abs(exact_dot(a, w)), std::abs(computed_dot(a, w)));
      if (bound(terms, computed_dot(a, u), norm) < largest) ++found;
    }
  }
  return found;
}

TEST(CpuScoreBounds, AreNeverBelowTheScore) { EXPECT_EQ(breaches(plain), 0); }

TEST(CpuScoreBounds, TheSearchFindsABoundWhoseResidualIsTooSmall) {
  EXPECT_GT(breaches([](Terms terms, double score, double norm) {
              terms.at_w.residual *= 0.9;
              return plain(terms, score, norm);
            }),
            0);
}

TEST(CpuScoreBounds, TheSearchFindsABoundWithoutSlackForRounding) {
  EXPECT_GT(breaches([](Terms terms, double score, double norm) {
              terms.at_w.slack = 0.0;
              terms.at_u.doubt = 0.0;
              return plain(terms, score, norm);
            }),
            0);
}

TEST(CpuScoreBounds, TheSearchFindsABoundThatTrustsTheAngleTooMuch) {
  EXPECT_GT(breaches([](Terms terms, double score, double norm) {
              terms.at_u.inverse_norm *= 1.01;
              return plain(terms, score, norm);
            }),
            0);
}

TEST(CpuScoreBounds, AreTightByTheWorstColumn) {
  // a = (3, 4), u = (1, 0), w = (2, 5): c = 2, r = (0, 5), and r meets all of a that is not along u.
  const Vector a{3, 4}, u{1, 0}, w{2, 5};
  EXPECT_NEAR(plain(terms(u, w), exact_dot(a, u), 5.0), exact_dot(a, w), 1e-12);
}

TEST(CpuScoreBounds, AtTheSameDualVectorAreTheScoreItself) {
  RandomCases cases(1);
  const Vector u = cases.random(200, 1.0);
  const Vector a = cases.random(200, 1.0);
  const double score = computed_dot(a, u);
  EXPECT_NEAR(plain(terms(u, u), score, dual_norm(a)), std::abs(score), 1e-9);
}

TEST(CpuScoreBounds, FromOrToZeroAndAtScalesWithoutSquaresAreThoseOfTheNormOrNone) {
  const Vector zero{0, 0}, one{3, 4}, tiny{3e-200, 4e-200}, huge{3e200, 4e200};
  for (const Vector* u : {&zero, &one, &tiny, &huge}) {
    for (const Vector* w : {&zero, &one, &tiny, &huge}) {
      const double bound = plain(terms(*u, *w), exact_dot(one, *u), 5.0);
      EXPECT_GE(bound, std::abs(exact_dot(one, *w)));
      if (u == &one && (w == &tiny || w == &huge)) continue;
      EXPECT_LE(bound, 5.0 * dual_norm(*w) * (1.0 + 1e-12) + 1e-300);
    }
  }
}

TEST(CpuScoreBounds, OfColumnsThatFloat64HardlyHoldsStayAbove) {
  for (const double scale : {1e-320, 1e-300, 1e-200, 1e150, 1e300}) {
    const Vector a{3 * scale, 4 * scale}, u{1, 0}, w{0, 1};
    EXPECT_GE(plain(terms(u, w), exact_dot(a, u), 5 * scale), std::abs(exact_dot(a, w)));
  }
}

TEST(CpuScoreBounds, HideNothingThatIsNotFinite) {
  const Vector zero{0, 0}, one{3, 4}, other{4, 3};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  for (const Vector* u : {&zero, &one}) {
    const Terms both = terms(*u, other);
    for (const double bad : {kInfinity, -kInfinity, kNaN}) {
      EXPECT_FALSE(plain(both, bad, 1.0) < 1e300);
      EXPECT_FALSE(plain(both, 1.0, std::abs(bad)) < 1e300);
    }
  }
}

TEST(CpuScoreBounds, AllowForWhatCancelsInACentredColumn) {
  // The same norm and score, but the score came out of numbers a million times as large.
  const Vector u{1, 1}, w{1, 2};
  const Terms both = terms(u, w);
  const auto bound = [&](double magnitude) {
    return score_bound(both.at_w, 1.4, open_norm(both.at_u, 1.4, 1.0, magnitude), magnitude);
  };
  EXPECT_GE(bound(1e6) - bound(1.0), 1e6 * score_rounding(dual(w)));
  EXPECT_GT(open_norm(both.at_u, 1.4, 1.0, 1e6), open_norm(both.at_u, 1.4, 1.0, 1.0));
}

}  // namespace
}  // namespace wolfpack::cpu
