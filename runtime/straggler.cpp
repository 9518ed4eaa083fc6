#include "runtime/straggler.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.hpp"

namespace wolfpack::runtime {
namespace {

constexpr double kShortestSeconds = 0.001;
constexpr const char* kAccepted =
    "accepted: worker=N,slowdown=F or worker=random,slowdown=F,duration=SECONDS with F >= 1 and SECONDS >= 0.001";

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw InputError(fmt::format("--straggler {}: {}; {}", text, why, kAccepted));
}

double parse_number(const std::string& text, const std::string& field, const std::string& value) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(number))
    refuse(text, fmt::format("{} is \"{}\"", field, value));
  return number;
}

/// field=value,field=value as a map.
std::map<std::string, std::string> split(const std::string& text) {
  std::map<std::string, std::string> fields;
  std::istringstream stream(text);
  for (std::string field; std::getline(stream, field, ',');) {
    const auto equals = field.find('=');
    if (equals == std::string::npos) refuse(text, fmt::format("\"{}\" is no field=value", field));
    const std::string name = field.substr(0, equals);
    if (name != "worker" && name != "slowdown" && name != "duration")
      refuse(text, fmt::format("unknown field \"{}\"", name));
    if (!fields.emplace(name, field.substr(equals + 1)).second) refuse(text, name + " is given twice");
  }
  return fields;
}

std::uint64_t mix(std::uint64_t x) {  // splitmix64's finaliser
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Time comes in rounds of as many slots as there are workers, each round a random order of them, so a straggler repeats
// only across rounds; there the next order gives way by one.
std::vector<std::uint32_t> order_of_round(std::uint64_t round, std::size_t workers, std::uint64_t seed) {
  std::vector<std::uint32_t> order(workers);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t i = workers; i > 1; --i) std::swap(order[i - 1], order[mix(seed ^ mix(round * workers + i)) % i]);
  return order;
}

std::uint32_t random_straggler(std::uint64_t slot, std::size_t workers, std::uint64_t seed) {
  const std::uint64_t round = workers > 2 ? slot / workers : 0;  // two take turns
  auto order = order_of_round(round, workers, seed);
  if (round > 0 && order_of_round(round - 1, workers, seed).back() == order.front()) std::swap(order[0], order[1]);
  return order[slot % workers];
}

}  // namespace

StragglerSpec StragglerSpec::parse(const std::string& text, std::size_t workers) {
  const auto fields = split(text);
  const auto worker = fields.find("worker"), slowdown = fields.find("slowdown"), duration = fields.find("duration");
  if (worker == fields.end()) refuse(text, "no worker is named");
  if (slowdown == fields.end()) refuse(text, "no slowdown is given");

  StragglerSpec spec;
  spec.slowdown = parse_number(text, "slowdown", slowdown->second);
  if (spec.slowdown < 1) refuse(text, "slowdown is below 1");
  if (worker->second == "random") {
    if (duration == fields.end()) refuse(text, "a random straggler needs a duration");
    spec.duration_seconds = parse_number(text, "duration", duration->second);
    if (spec.duration_seconds < kShortestSeconds) refuse(text, "duration is shorter than a millisecond");
    return spec;
  }
  if (duration != fields.end()) refuse(text, "only a random straggler has a duration");
  const double number = parse_number(text, "worker", worker->second);
  if (number < 0 || number != std::floor(number) || number >= static_cast<double>(workers))
    refuse(text, fmt::format("there is no worker {}, only 0 to {}", worker->second, workers - 1));
  spec.worker = WorkerId{static_cast<std::uint32_t>(number)};
  return spec;
}

double straggler_delay_seconds(const StragglerSpec& spec, WorkerId worker, std::size_t workers, std::uint64_t seed,
                               double now_seconds, double compute_seconds) {
  if (spec.slowdown <= 1.0) return 0.0;
  // Where clocks of two hosts were compared the start may lie ahead by half a round trip.
  const double elapsed = std::max(0.0, now_seconds);
  const bool is_slow = spec.worker ? *spec.worker == worker
                                   : random_straggler(static_cast<std::uint64_t>(elapsed / spec.duration_seconds),
                                                      workers, seed) == worker.value;
  return is_slow ? (spec.slowdown - 1.0) * compute_seconds : 0.0;
}

}  // namespace wolfpack::runtime
