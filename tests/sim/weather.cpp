// How bad a network is: see network.hpp.
#include <cmath>

#include <fmt/format.h>

#include "tests/sim/network.hpp"

namespace wolfpack::sim {

Weather Weather::of(Random& random) {
  Weather weather;
  weather.emulated = chance(random, 0.3);
  weather.latency_seconds = std::pow(10.0, -7.0 + 3.0 * unit(random));  // 0.1 to 100 µs
  weather.spread = chance(random, 0.5) ? 1.0 : 20.0;
  weather.late_share = chance(random, 0.5) ? 0.0 : 0.05;
  weather.late_latencies = std::pow(10.0, 3.0 * unit(random));
  weather.largest_piece = std::uint64_t{8} << below(random, 10);
  return weather;
}

std::string Weather::describe() const {
  return fmt::format("{}, latency {:.2g} s x (1 to {}), {} of pieces up to {:.0f} times later, pieces of {} bytes",
                     emulated ? "emulated" : "native", latency_seconds, 1 + spread, late_share, late_latencies,
                     largest_piece);
}

}  // namespace wolfpack::sim
