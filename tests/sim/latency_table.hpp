// Latencies to draw from, as `wolfpack latency` has measured them.
//
//     const LatencyTable table = LatencyTable::read("latency.json");
//     double seconds = table.seconds(LatencyTable::Operation::get, 8192, unit(random));
//
// The file is what `wolfpack latency --json` prints, or --output writes. Of it the histograms of put and get count, all
// pairs of a size together; a put's figures are of one way, a get's of both.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wolfpack::sim {

class LatencyTable {
 public:
  enum class Operation { put, get };

  /// Throws InputError, one line, where the file is not there, no such result, or has no timings of put or get.
  [[nodiscard]] static LatencyTable read(const std::string& path);
  [[nodiscard]] static LatencyTable from_text(const std::string& text, const std::string& name);

  /// What `share` (0 to 1) of the operations of that size take at most: draw the share, and this is a latency. Between
  /// the sizes that were measured by a straight line on logarithmic scales; below the smallest as it; beyond the
  /// largest in proportion.
  [[nodiscard]] double seconds(Operation operation, std::uint64_t bytes, double share) const;

  /// Whether the measured operations needed the target to serve them.
  [[nodiscard]] bool is_emulated() const { return is_emulated_; }
  /// Every latency so many times as long.
  [[nodiscard]] LatencyTable times(double factor) const;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  struct Bucket {
    double from_seconds;
    double to_seconds;
    double count;
  };
  using Histogram = std::vector<Bucket>;
  using Sizes = std::map<std::uint64_t, Histogram>;

  [[nodiscard]] const Sizes& sizes(Operation operation) const { return operation == Operation::put ? puts_ : gets_; }
  [[nodiscard]] static double quantile(const Histogram& histogram, double share);

  std::string name_;
  bool is_emulated_ = false;
  Sizes puts_, gets_;
};

}  // namespace wolfpack::sim
