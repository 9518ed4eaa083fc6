// Whether a host was quiet while something was measured on it: what its kernel counts of others' work.
//
//     const Activity before = activity();
//     ...
//     for (const std::string& what : disturbances({{activity() - before, ...of the host's other ranks}})) ...
#pragma once

#include <span>
#include <string>
#include <vector>

namespace wolfpack::latency {

/// Counters that only rise, or what they rose by. Plain data, sent between ranks.
struct Activity {
  double seconds = 0.0;         ///< on the monotonic clock
  double busy_seconds = 0.0;    ///< of all the host's cores, whoever works on them
  double stolen_seconds = 0.0;  ///< taken by the hypervisor, of all cores
  double own_seconds = 0.0;     ///< of this process
  double interruptions = 0.0;   ///< of this process, by others that wanted its core

  Activity operator-(const Activity& earlier) const;
};

[[nodiscard]] Activity activity();
/// /proc/stat's first line, counted in ticks: fills busy and stolen seconds; nothing where it is no such line.
void read_stat_line(const std::string& line, double tick_seconds, Activity& activity);

/// What may have disturbed a measurement, a clause each; empty where it was quiet. `ranks`: what went on meanwhile as
/// each rank of one host counted it.
[[nodiscard]] std::vector<std::string> disturbances(std::span<const Activity> ranks);

/// Medians of rounds of the same measurement that lie further apart were disturbed, whatever the kernel counted.
inline constexpr double kQuietSpread = 1.10;

}  // namespace wolfpack::latency
