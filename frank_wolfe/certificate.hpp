// A valid upper bound of f - f* at any time, though every worker reports of a dual vector of its own, stale version.
//
//     Certificate certificate(ball, workers);
//     certificate.publish(version, w, objective, inner);           // every version, the first included
//     certificate.report(worker, version, {largest_score, norm});  // its max |a_j'w| at that version, and its N_i
//     if (certificate.gap(objective) <= tolerance) stop();
//
// One inequality does it: |a_j'w_v| <= |a_j'w_u| + ||a_j|| ||w_v - w_u||. A worker's report for
// version u so bounds its maximum at every version v whose dual vector is still here; the largest of the workers'
// bounds gives a Frank-Wolfe gap at v, and the gap a lower bound f* >= f_v - gap_v by convexity. The best lower bound
// ever seen is kept. Where all reports are of one version, there is no drift and the bound is exact.
//
// The owner's thread only. `set` must outlive the certificate.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "frank_wolfe/feasible_set.hpp"

namespace wolfpack::frank_wolfe {

/// What a worker says of its partition for one version of the dual vector.
struct ScoreReport {
  double largest_score = 0.0;  ///< an upper bound of max_j |a_j'w| over the partition
  double largest_norm = 0.0;   ///< N_i, an upper bound of the partition's column norms
};

class Certificate {
 public:
  /// max_versions: how many dual vectors are kept at most, for reports yet to come; at least workers + 2 are. 0: as
  /// many as fit 64 MiB.
  Certificate(const FeasibleSet& set, std::size_t workers, std::size_t max_versions = 0);

  /// A new version: w = -grad f(A alpha), f(A alpha) and <w, A alpha>. Versions increase. O(workers * d).
  void publish(Version version, std::span<const double> w, double objective, double inner);

  /// Worker i evaluated `version`, which is not older than the one of its last report. False where that version's dual
  /// vector is no longer (or not yet) here: the report then bounds nothing and the worker's last one stays in force.
  /// O(workers * d).
  bool report(WorkerId worker, Version version, const ScoreReport& report);

  /// The largest known lower bound of f*; minus infinity until every worker has reported.
  [[nodiscard]] double lower_bound() const { return lower_bound_; }

  /// An upper bound of objective - f*, never negative; infinite until every worker has reported.
  [[nodiscard]] double gap(double objective) const;

  /// An upper bound of the Frank-Wolfe gap at one version that is still held; nothing where the reports do not bound it
  /// (yet).
  [[nodiscard]] std::optional<double> gap_at(Version version) const;

  [[nodiscard]] std::size_t versions_held() const { return history_.size(); }

 private:
  struct Entry {
    std::vector<double> w;
    double norm;
    double objective;
    double inner;
    std::vector<double> score_bounds;  // a worker: the best bound of its maximum at this version
  };
  struct Live {
    Version version;
    ScoreReport report;
  };
  using History = std::map<Version, Entry>;

  void tighten(Entry& entry, std::size_t worker, const ScoreReport& report, double drift) const;
  void raise_lower_bound(const Entry& entry);
  [[nodiscard]] std::optional<double> gap_of(const Entry& entry) const;
  [[nodiscard]] bool named(Version version) const;
  void forget();

  const FeasibleSet& set_;
  std::size_t max_versions_;
  std::vector<std::optional<Live>> live_;  // a worker: its last report that bounds something
  History history_;
  double largest_dual_norm_ = 0.0;
  double lower_bound_;
};

}  // namespace wolfpack::frank_wolfe
