#include "frank_wolfe/certificate.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kHistoryBytes = std::size_t{64} << 20;

// Rounding. A score a_j'w is known to a few eps ||a_j|| ||w||, and w = -grad f itself to a few eps of the terms that
// cancelled in it: for least squares of ||y||, which is the largest ||w|| published, that of alpha = 0. Both are
// covered by 16 eps N_i max_v ||w_v|| (dot products of d terms in blocks err by far less than d eps). On a problem with
// beta N = ||y|| this slack is 7e-15 f(0).
constexpr double kSlack = 16.0 * std::numeric_limits<double>::epsilon();
// A distance between two dual vectors is a norm of exact differences of rounded vectors: relatively right to (d + 2)
// eps at the worst.
constexpr double kDrift = 1.0 + 1e-12;

}  // namespace

Certificate::Certificate(const Regularizer& regularizer, std::size_t workers, std::size_t max_versions)
    : regularizer_(&regularizer), max_versions_(max_versions), live_(workers), lower_bound_(-kInfinity) {}

void Certificate::publish(Version version, std::span<const double> w, double loss, double inner) {
  assert(history_.empty() || history_.rbegin()->first < version);
  if (max_versions_ == 0) max_versions_ = kHistoryBytes / (sizeof(double) * std::max<std::size_t>(w.size(), 1));
  max_versions_ = std::max(max_versions_, live_.size() + 2);

  Entry& entry = history_
                     .emplace_hint(history_.end(), version,
                                   Entry{.w = {w.begin(), w.end()},
                                         .norm = map(w).norm(),
                                         .loss = loss,
                                         .inner = inner,
                                         .score_bounds = std::vector<double>(live_.size(), kInfinity),
                                         .distances = {}})
                     ->second;
  largest_dual_norm_ = std::max(largest_dual_norm_, entry.norm);
  for (std::size_t i = 0; i < live_.size(); ++i) {
    if (live_[i]) tighten(entry, i, live_[i]->report, drift(version, live_[i]->version));
  }
  raise_lower_bound(entry);
  if (history_.size() > max_versions_) forget();
}

bool Certificate::report(WorkerId worker, Version version, const ScoreReport& report) {
  assert(worker.value < live_.size());
  const auto found = history_.find(version);
  if (found == history_.end()) return false;
  Entry& entry = found->second;
  std::optional<Live>& own = live_[worker.value];
  const bool moved_on = own && own->version < version;
  own = Live{version, report};

  // This version gains the bounds that the others' reports give it; theirs and the newest gain the one that this report
  // gives them.
  for (std::size_t i = 0; i < live_.size(); ++i) {
    if (!live_[i]) continue;
    const double apart = drift(version, live_[i]->version);
    tighten(entry, i, live_[i]->report, apart);
    tighten(history_.at(live_[i]->version), worker.value, report, apart);
  }
  Entry& newest = history_.rbegin()->second;
  tighten(newest, worker.value, report, drift(version, history_.rbegin()->first));

  raise_lower_bound(newest);
  std::vector<Version> seen;
  for (const std::optional<Live>& live : live_) {
    if (!live || std::find(seen.begin(), seen.end(), live->version) != seen.end()) continue;
    seen.push_back(live->version);
    raise_lower_bound(history_.at(live->version));
  }
  if (moved_on) forget();
  return true;
}

// The distance between the dual vectors of two versions that are here. O(d) when it is first asked for.
double Certificate::drift(Version a, Version b) {
  const auto [older, newer] = std::minmax(a, b);
  if (const auto known = known_drift(older, newer)) return *known;
  Entry& entry = history_.at(newer);
  const double distance = (map(entry.w) - map(history_.at(older).w)).norm();
  entry.distances.emplace_back(older, distance);
  return distance;
}

std::optional<double> Certificate::known_drift(Version older, Version newer) const {
  if (older == newer) return 0.0;
  for (const auto& [version, distance] : history_.at(newer).distances)
    if (version == older) return distance;
  return std::nullopt;
}

std::optional<Certificate::LargestScore> Certificate::largest_score() const {
  LargestScore largest;
  for (const std::optional<Live>& live : live_) {
    if (!live) return std::nullopt;
    const auto& [score, norm] = live->report;
    largest.reported = std::max(largest.reported, score);
    if (const auto drift = known_drift(live->version, history_.rbegin()->first))
      largest.least = std::max(largest.least, score - norm * (kDrift * *drift + kSlack * largest_dual_norm_));
  }
  return largest;
}

void Certificate::tighten(Entry& entry, std::size_t worker, const ScoreReport& report, double drift) const {
  const double slack = kSlack * largest_dual_norm_;
  const double bound = report.largest_score + report.largest_norm * (kDrift * drift + slack);
  entry.score_bounds[worker] = std::min(entry.score_bounds[worker], bound);
}

std::optional<double> Certificate::excess_of(const Entry& entry) const {
  const auto largest = std::max_element(entry.score_bounds.begin(), entry.score_bounds.end());
  if (largest == entry.score_bounds.end() || *largest == kInfinity) return std::nullopt;
  const DualPoint point{.inner = entry.inner, .squared_norm = entry.norm * entry.norm};
  return regularizer_->excess(point, *largest) + kSlack * (entry.loss + std::fabs(entry.inner));
}

void Certificate::raise_lower_bound(const Entry& entry) {
  if (const std::optional<double> excess = excess_of(entry))
    lower_bound_ = std::max(lower_bound_, entry.loss - *excess);
}

void Certificate::restate(const Regularizer& regularizer) {
  regularizer_ = &regularizer;
  lower_bound_ = -kInfinity;
  for (const auto& [version, entry] : history_) raise_lower_bound(entry);
}

double Certificate::gap(double objective) const {
  const double gap = objective - lower_bound_;
  return std::isnan(gap) ? kInfinity : std::max(0.0, gap);
}

double Certificate::largest_score_at(Version version) const {
  const auto found = history_.find(version);
  if (found == history_.end() || found->second.score_bounds.empty()) return kInfinity;
  return *std::max_element(found->second.score_bounds.begin(), found->second.score_bounds.end());
}

bool Certificate::named(Version version) const {
  return std::any_of(live_.begin(), live_.end(),
                     [&](const std::optional<Live>& live) { return live && live->version == version; });
}

// A worker reports versions no older than its last: what lies before the oldest live report will never be named again.
// Where a slow worker makes the rest too much, every second version that no report names goes, so that what stays is
// spread over the whole span and densest at its young end.
void Certificate::forget() {
  if (std::all_of(live_.begin(), live_.end(), [](const auto& live) { return live.has_value(); })) {
    const auto oldest = std::min_element(live_.begin(), live_.end(),
                                         [](const auto& a, const auto& b) { return a->version < b->version; });
    if (oldest != live_.end()) history_.erase(history_.begin(), history_.lower_bound((*oldest)->version));
  }
  while (history_.size() > max_versions_) {
    bool goes = false;
    const auto newest = std::prev(history_.end());
    for (auto it = history_.begin(); it != newest;) {
      if (named(it->first)) {
        ++it;
        continue;
      }
      goes = !goes;
      it = goes ? history_.erase(it) : std::next(it);
    }
  }
}

}  // namespace wolfpack::frank_wolfe
