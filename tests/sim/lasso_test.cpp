// Distributed Frank-Wolfe under the simulator: thousands of random runs, and certificates, quick rounds and screening
// broken on purpose, which are caught. Other seeds by WOLFPACK_SIM_SEEDS, as in seeds_test.cpp.
#include <cmath>
#include <iostream>
#include <limits>

#include <gtest/gtest.h>

#include "cpu/reference_atom_selector.hpp"
#include "tests/sim/lasso_scenario.hpp"
#include "tests/sim/quick_selector.hpp"
#include "tests/sim/seeds.hpp"

namespace wolfpack::sim {
namespace {

TEST(SimulatedLasso, NeverRisesAndNeverClaimsMoreThanIsTrue) {
  for_each_seed(500, [](std::uint64_t seed) {
    const LassoScenario scenario = LassoScenario::of(seed);
    return Finding{scenario.run(), [scenario] { return scenario.describe(); }};
  });
}

/// Flink's delta iteration: scores again only what may exceed the level, and reports the largest score above it; or the
/// level, which covers all that it has not scored. Without that a worker that finds nothing reports 0.
class LazySelector final : public AtomSelector {
 public:
  enum class Report { with_level, without_level };
  LazySelector(const DenseView<double>& view, Report report)
      : view_(view), report_(report), exact_(cpu::make_reference_atom_selector(view)) {}

  [[nodiscard]] Index rows() const override { return view_.rows; }
  [[nodiscard]] Index columns() const override { return view_.columns; }
  [[nodiscard]] double largest_norm() override { return exact_->largest_norm(); }
  [[nodiscard]] Column column(Index j) const override { return exact_->column(j); }

  [[nodiscard]] SelectedAtoms select(const SelectionRequest& request) override {
    scored_at_.resize(static_cast<std::size_t>(view_.columns));
    scores_.resize(scored_at_.size(), std::numeric_limits<double>::infinity());
    SelectedAtoms best;
    for (Index j = 0; j < view_.columns; ++j) {
      const bool is_active = std::binary_search(request.excluded.begin(), request.excluded.end(), j);
      if (!is_active && bound(j, request.dual) <= request.level) continue;
      const double score = score_of(j, request.dual);
      ++best.columns_evaluated;
      if (std::abs(score) <= request.level) continue;
      best.largest_score = std::max(best.largest_score, std::abs(score));
      if (!is_active) best.atoms.push_back({j, score});
    }
    std::stable_sort(best.atoms.begin(), best.atoms.end(),
                     [](const ScoredAtom& a, const ScoredAtom& b) { return std::abs(a.score) > std::abs(b.score); });
    best.atoms.resize(std::min(best.atoms.size(), request.count));
    if (report_ == Report::with_level) best.largest_score = std::max(best.largest_score, request.level);
    return best;
  }

 private:
  double bound(Index j, std::span<const double> dual) const {
    const auto& at = scored_at_[static_cast<std::size_t>(j)];
    if (at.empty()) return std::numeric_limits<double>::infinity();
    double norm = 0.0, drift = 0.0;
    for (std::size_t i = 0; i < dual.size(); ++i) {
      norm += view_.column(j)[i] * view_.column(j)[i];
      drift += (dual[i] - at[i]) * (dual[i] - at[i]);
    }
    return std::abs(scores_[static_cast<std::size_t>(j)]) + std::sqrt(norm * drift);
  }
  double score_of(Index j, std::span<const double> dual) {
    double score = 0.0;
    for (std::size_t i = 0; i < dual.size(); ++i) score += view_.column(j)[i] * dual[i];
    scored_at_[static_cast<std::size_t>(j)].assign(dual.begin(), dual.end());
    return scores_[static_cast<std::size_t>(j)] = score;
  }

  DenseView<double> view_;
  Report report_;
  std::unique_ptr<AtomSelector> exact_;
  std::vector<std::vector<double>> scored_at_;  // by column: w
  std::vector<double> scores_;
};

/// Says that no column has a length, so that the certificate mixes versions as if they were one.
class WeightlessSelector final : public AtomSelector {
 public:
  explicit WeightlessSelector(const DenseView<double>& view) : inner_(cpu::make_reference_atom_selector(view)) {}
  [[nodiscard]] Index rows() const override { return inner_->rows(); }
  [[nodiscard]] Index columns() const override { return inner_->columns(); }
  [[nodiscard]] SelectedAtoms select(const SelectionRequest& request) override { return inner_->select(request); }
  [[nodiscard]] double largest_norm() override { return 0.0; }
  [[nodiscard]] Column column(Index j) const override { return inner_->column(j); }

 private:
  std::unique_ptr<AtomSelector> inner_;
};

LassoScenario::WrapSelector lazy(LazySelector::Report report) {
  return [report](const DenseView<double>& view) { return std::make_unique<LazySelector>(view, report); };
}

std::string run_with(std::uint64_t seed, const LassoScenario::WrapSelector& selector) {
  LassoScenario scenario = LassoScenario::of(seed);
  scenario.method = frank_wolfe::Method::corrective;
  scenario.max_clock = 400;
  scenario.tolerance = 1e-8;
  scenario.top_k = 1;
  scenario.time_limit_seconds.reset();
  scenario.selector = selector;
  return scenario.run();
}

void expect_caught(const LassoScenario::WrapSelector& selector) {
  constexpr std::uint64_t kMostSeeds = 300;
  for (std::uint64_t seed = 0; seed < kMostSeeds; ++seed)
    if (const std::string what = run_with(seed, selector); what.find("the certified gap is") == 0) {
      std::cout << "caught in run " << seed + 1 << ": " << what << '\n';
      return;
    }
  FAIL() << "not caught in " << kMostSeeds << " runs";
}

TEST(SimulatedLasso, LazyPassesThatReportTheLevelAreRight) {
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    EXPECT_EQ(run_with(seed, lazy(LazySelector::Report::with_level)), "") << "seed " << seed;
}

TEST(SimulatedLasso, ACertificateWithoutTheLevelIsCaught) { expect_caught(lazy(LazySelector::Report::without_level)); }

TEST(SimulatedLasso, AQuickRoundThatClaimsToBeThoroughIsCaught) {
  expect_caught(
      [](const DenseView<double>& view) { return std::make_unique<QuickSelector>(view, QuickSelector::Claim::all); });
}

TEST(SimulatedLasso, ScreeningByTooSmallARadiusIsCaught) {
  expect_caught([](const DenseView<double>& view) {
    return std::make_unique<QuickSelector>(view, QuickSelector::Claim::nothing, 0.1);
  });
}

TEST(SimulatedLasso, AGapOfMixedVersionsIsCaught) {
  expect_caught([](const DenseView<double>& view) { return std::make_unique<WeightlessSelector>(view); });
}

}  // namespace
}  // namespace wolfpack::sim
