// The certificate under staleness: valid whatever versions the workers report, exact when they agree.
#include "frank_wolfe/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "frank_wolfe/corrective_step.hpp"
#include "frank_wolfe/l1_ball.hpp"

namespace wolfpack::frank_wolfe {

struct CertificateForTests {
  /// f at a version minus the lower bound that this version gives: of a set, the Frank-Wolfe gap. Nothing where the
  /// reports do not bound it, or the version is not here any more.
  static std::optional<double> excess_at(const Certificate& certificate, Version version) {
    const auto found = certificate.history_.find(version);
    return found == certificate.history_.end() ? std::nullopt : certificate.excess_of(found->second);
  }
  static std::size_t versions_held(const Certificate& certificate) { return certificate.history_.size(); }
  static std::size_t distances_held(const Certificate& certificate) {
    std::size_t count = 0;
    for (const auto& [version, entry] : certificate.history_) count += entry.distances.size();
    return count;
  }
};

namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// A solve by several workers, as the certificate sees it: iterates that improve, and each worker's true reports of any
// of them.
struct Trajectory {
  std::vector<std::vector<Vector>> partitions;  // worker, column
  L1Ball ball{1.0};
  std::vector<Iterate> iterates;  // version v is iterates[v - 1]
  double optimum = 0.0;

  [[nodiscard]] ScoreReport report(std::size_t worker, std::size_t version) const {
    ScoreReport result;
    for (const Vector& a : partitions[worker]) {
      result.largest_score = std::max(result.largest_score, std::fabs(dot(a, iterates[version - 1].dual)));
      result.largest_norm = std::max(result.largest_norm, std::sqrt(dot(a, a)));
    }
    return result;
  }
  [[nodiscard]] double true_gap(std::size_t version) const {
    double largest = 0.0;
    for (std::size_t i = 0; i < partitions.size(); ++i) largest = std::max(largest, report(i, version).largest_score);
    return ball.excess({.inner = iterates[version - 1].inner, .squared_norm = 0.0}, largest);
  }
  void publish(Certificate& certificate, std::size_t version) const {
    const Iterate& it = iterates[version - 1];
    certificate.publish(Version{version}, it.dual, it.loss, it.inner);
  }
};

Trajectory random_trajectory(std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  const auto gaussian = [&](std::size_t d) {
    Vector v(d);
    for (double& x : v) x = normal(random);
    return v;
  };
  const std::size_t rows = 8 + random() % 8;
  Trajectory result;
  result.ball = L1Ball(0.2 + 0.1 * static_cast<double>(random() % 10));
  CorrectiveStep step(LeastSquares(gaussian(rows)), l1_constraint(result.ball.radius()));
  result.iterates.push_back(step.iterate());
  std::vector<Proposal> all;
  result.partitions.resize(2 + random() % 3);
  for (Index j = 0; j < 30; ++j) {
    const Vector a = gaussian(rows);
    result.partitions[random() % result.partitions.size()].push_back(a);
    all.push_back({j, 0.0, {false, {}, a}});
  }
  for (std::size_t j = 0; j < all.size(); ++j) {
    if (step.advance(std::span(all).subspan(j, 1))) result.iterates.push_back(step.iterate());
  }
  while (step.advance(all)) result.iterates.push_back(step.iterate());
  result.optimum = result.iterates.back().objective;
  return result;
}

// Workers report random versions no older than their last, most of them stale, while versions are published. Counts how
// often a bound was below the truth. `norm_factor` = 0 takes the drift term out of the certificate.
struct Outcome {
  int checks = 0;
  int violations = 0;
  double last_gap = 0.0;
};

Outcome run_stale(const Trajectory& trajectory, double norm_factor, std::size_t max_versions, std::mt19937_64& random) {
  const std::size_t workers = trajectory.partitions.size();
  const std::size_t last = trajectory.iterates.size();
  const double rounding = 1e-14 * trajectory.iterates.front().objective;
  Certificate certificate(trajectory.ball, workers, max_versions);
  std::vector<std::size_t> reported(workers, 0);
  Outcome outcome;
  std::size_t published = 0;
  for (int event = 0; event < 200; ++event) {
    if (published < last && random() % 3 == 0) trajectory.publish(certificate, ++published);
    if (published == 0) continue;
    const std::size_t i = random() % workers;
    const std::size_t oldest = std::max<std::size_t>(reported[i], 1);
    const std::size_t version = oldest + random() % (published - oldest + 1);
    ScoreReport report = trajectory.report(i, version);
    report.largest_norm *= norm_factor;
    if (certificate.report(WorkerId{static_cast<std::uint32_t>(i)}, Version{version}, report)) reported[i] = version;

    const double objective = trajectory.iterates[published - 1].objective;
    const double gap = certificate.gap(objective);
    ++outcome.checks;
    outcome.violations += gap < objective - trajectory.optimum - rounding;
    for (std::size_t v = 1; v <= published; ++v) {
      const auto bound = CertificateForTests::excess_at(certificate, Version{v});
      outcome.violations += bound && *bound < trajectory.true_gap(v) - rounding;
    }
    if (std::find(reported.begin(), reported.end(), std::size_t{0}) != reported.end()) {
      EXPECT_EQ(gap, std::numeric_limits<double>::infinity());
    }
    outcome.last_gap = gap;
  }
  return outcome;
}

TEST(Certificate, BoundsTheGapWhateverVersionsAreReported) {
  std::mt19937_64 random(7);
  for (int trial = 0; trial < 100; ++trial) {
    const Trajectory trajectory = random_trajectory(random);
    const Outcome outcome = run_stale(trajectory, 1.0, trial % 2 == 0 ? 0 : 6, random);
    EXPECT_EQ(outcome.violations, 0);
    EXPECT_TRUE(std::isfinite(outcome.last_gap)) << "200 events with a report each bounded nothing";
  }
}

TEST(Certificate, WithoutTheDriftTermTheSameSequencesCatchIt) {
  std::mt19937_64 random(7);
  int caught = 0;
  for (int trial = 0; trial < 100; ++trial) {
    const Trajectory trajectory = random_trajectory(random);
    caught += run_stale(trajectory, 0.0, 0, random).violations > 0;
  }
  EXPECT_GT(caught, 90);
}

TEST(Certificate, IsExactWhenAllReportsAreOfOneVersion) {
  std::mt19937_64 random(8);
  for (int trial = 0; trial < 20; ++trial) {
    const Trajectory trajectory = random_trajectory(random);
    const double f0 = trajectory.iterates.front().objective;
    for (std::size_t v = 1; v <= trajectory.iterates.size(); ++v) {
      Certificate certificate(trajectory.ball, trajectory.partitions.size());
      trajectory.publish(certificate, v);
      for (std::size_t i = 0; i < trajectory.partitions.size(); ++i) {
        EXPECT_EQ(certificate.gap(0.0), std::numeric_limits<double>::infinity());
        EXPECT_TRUE(certificate.report(WorkerId{static_cast<std::uint32_t>(i)}, Version{v}, trajectory.report(i, v)));
      }
      const double objective = trajectory.iterates[v - 1].objective;
      EXPECT_NEAR(certificate.gap(objective), std::max(0.0, trajectory.true_gap(v)), 1e-13 * f0);
    }
  }
}

TEST(Certificate, KeepsTheLargestLowerBound) {
  const L1Ball ball(1.0);
  Certificate certificate(ball, 1);
  const Vector w{3.0, 0.0};
  certificate.publish(Version{1}, w, 4.5, 0.0);
  EXPECT_TRUE(certificate.report(WorkerId{0}, Version{1}, {3.0, 1.0}));  // gap 3
  EXPECT_NEAR(certificate.lower_bound(), 1.5, 1e-12);
  certificate.publish(Version{2}, Vector{2.0, 0.0}, 2.0, 2.0);
  EXPECT_TRUE(certificate.report(WorkerId{0}, Version{2}, {2.6, 1.0}));  // gap 0.6: f* >= 1.4, worse than before
  EXPECT_NEAR(certificate.lower_bound(), 1.5, 1e-12);
  EXPECT_NEAR(certificate.gap(2.0), 0.5, 1e-12);
  EXPECT_EQ(certificate.gap(1.0), 0.0) << "a gap is never negative";
}

TEST(Certificate, RefusesAReportOfAVersionItHasNot) {
  const L1Ball ball(1.0);
  Certificate certificate(ball, 2, 4);
  const Vector w{1.0};
  for (std::uint64_t v = 1; v <= 40; ++v) certificate.publish(Version{v}, w, 0.5, 0.0);
  EXPECT_LE(CertificateForTests::versions_held(certificate), 4u);
  EXPECT_TRUE(certificate.report(WorkerId{0}, Version{40}, {1.0, 1.0})) << "the newest version is never dropped";
  EXPECT_FALSE(certificate.report(WorkerId{1}, Version{41}, {1.0, 1.0})) << "not yet published";
  int held = 0;
  for (std::uint64_t v = 1; v < 40; ++v) held += certificate.report(WorkerId{1}, Version{v}, {1.0, 1.0});
  EXPECT_LE(held, 3);
  EXPECT_TRUE(certificate.report(WorkerId{1}, Version{40}, {1.0, 1.0}));
  EXPECT_NEAR(certificate.gap(0.5), 1.0, 1e-12);
}

TEST(Certificate, ForgetsWhatLiesBeforeTheOldestLiveReport) {
  const L1Ball ball(1.0);
  Certificate certificate(ball, 2);
  for (std::uint64_t v = 1; v <= 10; ++v)
    certificate.publish(Version{v}, Vector{1.0 / static_cast<double>(v)}, 0.5, 0.0);
  EXPECT_TRUE(certificate.report(WorkerId{0}, Version{9}, {1.0, 1.0}));
  EXPECT_TRUE(certificate.report(WorkerId{1}, Version{2}, {1.0, 1.0}));
  EXPECT_EQ(CertificateForTests::versions_held(certificate), 10u);
  EXPECT_TRUE(certificate.report(WorkerId{1}, Version{8}, {1.0, 1.0}));
  EXPECT_EQ(CertificateForTests::versions_held(certificate), 3u);
}

/// An answer that fits well under a loose bound, where f >= 0 alone would say so, has a large gap of its own.
TEST(Certificate, IsOfDualVectorsAlone) {
  const L1Ball ball(100.0);
  Certificate certificate(ball, 1);
  certificate.publish(Version{1}, Vector{1e-3, 0.0}, 5e-7, 0.0);
  EXPECT_TRUE(certificate.report(WorkerId{0}, Version{1}, {1e-3, 1.0}));
  EXPECT_NEAR(certificate.gap(5e-7), 0.1, 1e-12);
}

TEST(Certificate, AGapThatIsNoNumberCertifiesNothing) {
  const L1Ball ball(1.0);
  Certificate certificate(ball, 1);
  certificate.publish(Version{1}, Vector{1.0}, 0.5, 0.0);
  EXPECT_TRUE(certificate.report(WorkerId{0}, Version{1}, {1.0, 1.0}));
  EXPECT_EQ(certificate.gap(std::numeric_limits<double>::quiet_NaN()), std::numeric_limits<double>::infinity());
  EXPECT_EQ(certificate.gap(std::numeric_limits<double>::infinity()), std::numeric_limits<double>::infinity());
}

TEST(Certificate, ComparesTwoVersionsOnceHoweverManyWorkersReport) {
  constexpr std::uint32_t kWorkers = 16;
  const L1Ball ball(1.0);
  Certificate certificate(ball, kWorkers);
  for (std::uint64_t v = 1; v <= 5; ++v) {
    certificate.publish(Version{v}, Vector{1.0 / static_cast<double>(v), 0.0}, 0.5, 0.0);
    for (std::uint32_t i = 0; i < kWorkers; ++i)
      EXPECT_TRUE(certificate.report(WorkerId{i}, Version{v}, {1.0 / static_cast<double>(v), 1.0}));
    EXPECT_LE(CertificateForTests::distances_held(certificate), 1u) << "all but this version and the last are gone";
  }
  // One worker stays behind: its version is compared with the newest and with the one before, which the others name.
  certificate.publish(Version{6}, Vector{0.5, 0.5}, 0.25, 0.25);
  for (std::uint32_t i = 1; i < kWorkers; ++i) EXPECT_TRUE(certificate.report(WorkerId{i}, Version{6}, {0.5, 1.0}));
  certificate.publish(Version{7}, Vector{0.25, 0.5}, 0.25, 0.25);
  EXPECT_EQ(CertificateForTests::distances_held(certificate), 3u + 1u) << "5-6, 5-7, 6-7, and 4-5 of before";
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
