#include "tests/sim/weather.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "base/status.hpp"

namespace wolfpack::sim {
namespace {
constexpr const char* kLatenciesVariable = "WOLFPACK_SIM_LATENCIES";
}

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

Weather Weather::measured(const LatencyTable& latencies) {
  Weather weather;
  weather.emulated = latencies.is_emulated();
  weather.latencies = std::make_shared<const LatencyTable>(latencies);
  return weather;
}

Weather Weather::today(Random& random) {
  static std::shared_ptr<const LatencyTable> known;  // the file is not read again for every run
  Weather weather = of(random);
  const char* file = std::getenv(kLatenciesVariable);
  if (file == nullptr || *file == '\0') return weather;
  try {
    if (!known || known->name() != file) known = std::make_shared<const LatencyTable>(LatencyTable::read(file));
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", kLatenciesVariable, error.what()));
  }
  weather.emulated = known->is_emulated();
  weather.latencies = known;
  return weather;
}

std::string Weather::describe() const {
  const char* kind = emulated ? "emulated" : "native";
  if (latencies) return fmt::format("{}, latencies of {}, pieces of {} bytes", kind, latencies->name(), largest_piece);
  return fmt::format("{}, latency {:.2g} s x (1 to {}), {} of pieces up to {:.0f} times later, pieces of {} bytes",
                     kind, latency_seconds, 1 + spread, late_share, late_latencies, largest_piece);
}

double Weather::latency(Random& random) const {
  if (latencies) return whole(random, LatencyTable::Operation::put, sizeof(std::uint64_t));
  double times = 1.0 + spread * unit(random);
  if (chance(random, late_share)) times += late_latencies * unit(random);
  return times * latency_seconds;
}

double Weather::whole(Random& random, LatencyTable::Operation operation, std::size_t bytes) const {
  return latencies ? latencies->seconds(operation, bytes, unit(random)) : 0.0;
}

double Weather::one_way(Random& random, double whole) const { return latencies ? whole / 2 : latency(random); }

double Weather::piece(Random& random, double whole, bool is_last) const {
  if (!latencies) return latency(random);
  return is_last ? whole : whole * unit(random);
}

Weather::PutPiece Weather::put_piece(Random& random, double now, double whole, bool is_last) const {
  const bool is_read_at_once = chance(random, 0.5);
  if (latencies) {
    const double lands_after = piece(random, whole, is_last);
    return {now + (is_read_at_once ? 0.0 : lands_after * unit(random)), now + lands_after};
  }
  const double read_at = now + (is_read_at_once ? 0.0 : latency(random));
  return {read_at, read_at + latency(random)};
}

Weather::Sending Weather::sending(Random& random, double now, double earlier_arrives_at, double whole) const {
  const double sent_after = piece(random, whole, false);
  if (latencies) return {now + sent_after, whole - sent_after};
  return {std::max(earlier_arrives_at, now + sent_after), latency(random)};
}

double Weather::arrives_at(double earlier_arrives_at, double sent_at, double travels) const {
  if (latencies) return std::max(earlier_arrives_at, sent_at + travels);
  return std::max(earlier_arrives_at, sent_at) + travels;
}

}  // namespace wolfpack::sim
