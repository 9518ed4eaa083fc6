// A valid upper bound of f - f* at any time, though every worker reports of a dual vector of its own, stale version.
//
//     Certificate certificate(ball, workers);
//     certificate.publish(version, w, objective, inner);           // every version, the first included
//     certificate.report(worker, version, {largest_score, norm});  // its max |a_j'w| at that version, and its N_i
//     if (certificate.gap(objective) <= tolerance) stop();
//
// One inequality does it: |a_j'w_v| <= |a_j'w_u| + ||a_j|| ||w_v - w_u||. A worker's report for
// version u so bounds its maximum at every version v whose dual vector is still here; the largest of the workers'
// bounds gives a duality gap at v, and with it a lower bound of the optimum (regularizer.hpp). The best lower bound
// ever seen is kept. Where all reports are of one version, there is no drift and the bound is exact.
//
// What is known of dual vectors and scores holds for every regularizer: along a path of problems the reports stay, and
// only what they say of the optimum is computed anew.
//
// The owner's thread only. The regularizer must outlive the certificate, or the next restate().
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/types.hpp"
#include "frank_wolfe/regularizer.hpp"

namespace wolfpack::frank_wolfe {

/// What a worker says of its partition for one version of the dual vector.
struct ScoreReport {
  double largest_score = 0.0;  ///< an upper bound of max_j |a_j'w| over the partition
  double largest_norm = 0.0;   ///< N_i, an upper bound of the partition's column norms
};
/// What a worker reports in the place of N_i where it refuses to work with its columns: the run ends.
inline constexpr double kRefusedNorm = std::numeric_limits<double>::infinity();

class Certificate {
 public:
  /// max_versions: how many dual vectors are kept at most, for reports yet to come; at least workers + 2 are. 0: as
  /// many as fit 64 MiB.
  Certificate(const Regularizer& regularizer, std::size_t workers, std::size_t max_versions = 0);

  /// A new version: w = -grad f(A alpha), f(A alpha) and <w, A alpha>. Versions increase.
  /// O(workers + d * versions that live reports name).
  void publish(Version version, std::span<const double> w, double loss, double inner);

  /// Worker i evaluated `version`, which is not older than the one of its last report. False where that version's dual
  /// vector is no longer (or not yet) here: the report then bounds nothing and the worker's last one stays in force.
  /// The distances between dual vectors are found once each: O(workers), and O(d) for each version that live reports
  /// name and that was not yet compared with this one.
  bool report(WorkerId worker, Version version, const ScoreReport& report);

  /// Another problem with the same f: all that is known bounds its optimum from here on. O(versions * workers).
  void restate(const Regularizer& regularizer);

  /// The largest known lower bound of the optimum; minus infinity until every worker has reported. It comes of dual
  /// vectors alone: that least squares are never negative is not used, so that anybody finds a small gap in the answer
  /// who computes it from there.
  [[nodiscard]] double lower_bound() const { return lower_bound_; }

  /// An upper bound of objective - optimum, never negative; infinite until every worker has reported. `objective`: f +
  /// r at some alpha.
  [[nodiscard]] double gap(double objective) const;

  /// What the workers' last reports say of the largest score: each at the version that it is of, and at the newest one.
  /// Nothing until every worker has reported.
  struct LargestScore {
    double reported = 0.0;
    double least = 0.0;  ///< at the newest version it is no smaller, where no column was left out by its bound
  };
  [[nodiscard]] std::optional<LargestScore> largest_score() const;

  /// The largest score of any worker at one version that is still held, as far as it is known; infinite before.
  [[nodiscard]] double largest_score_at(Version version) const;

 private:
  friend struct CertificateForTests;

  struct Entry {
    std::vector<double> w;
    double norm;
    double loss;
    double inner;
    std::vector<double> score_bounds;                   // a worker: the best bound of its maximum at this version
    std::vector<std::pair<Version, double>> distances;  // to older versions, as far as they were asked for
  };
  struct Live {
    Version version;
    ScoreReport report;
  };
  using History = std::map<Version, Entry>;

  [[nodiscard]] double drift(Version a, Version b);
  [[nodiscard]] std::optional<double> known_drift(Version older, Version newer) const;
  void tighten(Entry& entry, std::size_t worker, const ScoreReport& report, double drift) const;
  void raise_lower_bound(const Entry& entry);
  [[nodiscard]] std::optional<double> excess_of(const Entry& entry) const;
  [[nodiscard]] bool named(Version version) const;
  void forget();

  const Regularizer* regularizer_;
  std::size_t max_versions_;
  std::vector<std::optional<Live>> live_;  // a worker: its last report that bounds something
  History history_;
  double largest_dual_norm_ = 0.0;
  double lower_bound_;
};

}  // namespace wolfpack::frank_wolfe
