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
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "frank_wolfe/regularizer.hpp"

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
  Certificate(const Regularizer& regularizer, std::size_t workers, std::size_t max_versions = 0);

  /// A new version: w = -grad f(A alpha), f(A alpha) and <w, A alpha>. Versions increase. O(workers * d).
  void publish(Version version, std::span<const double> w, double loss, double inner);

  /// Worker i evaluated `version`, which is not older than the one of its last report. False where that version's dual
  /// vector is no longer (or not yet) here: the report then bounds nothing and the worker's last one stays in force.
  /// O(workers * d).
  bool report(WorkerId worker, Version version, const ScoreReport& report);

  /// Another problem with the same f: all that is known bounds its optimum from here on. O(versions * workers).
  void restate(const Regularizer& regularizer);

  /// The largest known lower bound of the optimum; minus infinity until every worker has reported.
  [[nodiscard]] double lower_bound() const { return lower_bound_; }

  /// An upper bound of objective - optimum, never negative; infinite until every worker has reported. `objective`: f +
  /// r at some alpha.
  [[nodiscard]] double gap(double objective) const;

  /// The largest score of any worker at one version that is still held, as far as it is known; infinite before.
  [[nodiscard]] double largest_score_at(Version version) const;

  /// f at one version that is still held, minus the lower bound that this version gives; nothing where the reports do
  /// not bound it (yet). For a set, the Frank-Wolfe gap.
  [[nodiscard]] std::optional<double> excess_at(Version version) const;

  [[nodiscard]] std::size_t versions_held() const { return history_.size(); }

 private:
  struct Entry {
    std::vector<double> w;
    double norm;
    double loss;
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
