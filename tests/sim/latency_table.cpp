#include "tests/sim/latency_table.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.hpp"

namespace wolfpack::sim {
namespace {

using Json = nlohmann::json;

constexpr double kShortestSeconds = 1e-12;  // has a logarithm
constexpr const char* kAccepted = "what `wolfpack latency --json` prints";

/// A JSON value with the way to it, which begins every complaint.
class Place {
 public:
  Place(const Json& value, std::string path) : value_(value), path_(std::move(path)) {}

  [[nodiscard]] Place at(const char* field) const {
    if (!value_.is_object()) refuse("a JSON object");
    const auto found = value_.find(field);
    if (found == value_.end())
      throw InputError(fmt::format("{}: \"{}\" is missing; accepted: {}", path_, field, kAccepted));
    return {*found, fmt::format("{}: {}", path_, field)};
  }
  template <class Visit>
  void for_each(Visit visit) const {
    if (!value_.is_array()) refuse("a list");
    for (std::size_t i = 0; i < value_.size(); ++i) visit(Place(value_[i], fmt::format("{}[{}]", path_, i)));
  }
  [[nodiscard]] std::string one_of(std::initializer_list<std::string_view> accepted) const {
    for (const std::string_view text : accepted)
      if (value_ == text) return std::string(text);
    refuse(fmt::format("{}", fmt::join(accepted, ", ")));
  }
  [[nodiscard]] std::string text() const {
    if (!value_.is_string()) refuse("a text");
    return value_.get<std::string>();
  }
  [[nodiscard]] std::uint64_t count() const {
    if (!value_.is_number_unsigned() || value_.get<std::uint64_t>() == 0) refuse("a whole number above 0");
    return value_.get<std::uint64_t>();
  }
  /// More than `than`, or as much.
  [[nodiscard]] double at_least(double than) const {
    if (!value_.is_number() || !(value_.get<double>() >= than)) refuse(fmt::format("a number, {} or more", than));
    return value_.get<double>();
  }
  [[noreturn]] void refuse(const std::string& accepted) const {
    constexpr std::size_t kShown = 40;
    std::string shown = value_.dump();
    if (shown.size() > kShown) shown = shown.substr(0, kShown) + "...";
    throw InputError(fmt::format("{}: {}; accepted: {}", path_, shown, accepted));
  }

 private:
  const Json& value_;
  std::string path_;
};

}  // namespace

LatencyTable LatencyTable::read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || text.empty())
    throw InputError(fmt::format("{}: cannot be read, or is empty; accepted: a file of {}", path, kAccepted));
  return from_text(text, path);
}

LatencyTable LatencyTable::from_text(const std::string& text, const std::string& name) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw InputError(fmt::format("{}: not valid JSON at byte {}; accepted: {}", name, error.byte, kAccepted));
  }
  LatencyTable table;
  table.name_ = name;
  const Place root(json, name);
  table.is_emulated_ = root.at("settings").at("one_sided").one_of({"native", "emulated"}) == "emulated";
  root.at("results").for_each([&](const Place& result) {
    const std::string operation = result.at("operation").text();
    if (operation != "put" && operation != "get") return;
    (void)result.at("time").one_of({operation == "put" ? "half a round trip" : "whole"});
    Sizes& sizes = operation == "put" ? table.puts_ : table.gets_;
    Histogram& histogram = sizes[result.at("bytes").count()];
    const std::size_t before = histogram.size();
    result.at("histogram").for_each([&](const Place& bucket) {
      const double from = bucket.at("from_us").at_least(0.0), to = bucket.at("to_us").at_least(from);
      histogram.push_back({1e-6 * from, 1e-6 * to, static_cast<double>(bucket.at("count").count())});
    });
    if (histogram.size() == before) result.at("histogram").refuse("buckets with from_us, to_us and count");
    std::sort(histogram.begin(), histogram.end(), [](const Bucket& a, const Bucket& b) {
      return std::pair(a.from_seconds, a.to_seconds) < std::pair(b.from_seconds, b.to_seconds);
    });
  });
  for (const auto& [operation, sizes] : {std::pair("put", &table.puts_), std::pair("get", &table.gets_)})
    if (sizes->empty())
      throw InputError(fmt::format("{}: results: no {}; accepted: results of put and of get, of one size at least",
                                   name, operation));
  return table;
}

double LatencyTable::quantile(const Histogram& histogram, double share) {
  double all = 0.0;
  for (const Bucket& bucket : histogram) all += bucket.count;
  double left = share * all;
  for (const Bucket& bucket : histogram) {
    if (left <= bucket.count) {
      const double within = bucket.from_seconds + (bucket.to_seconds - bucket.from_seconds) * left / bucket.count;
      return std::max(within, kShortestSeconds);
    }
    left -= bucket.count;
  }
  return std::max(histogram.back().to_seconds, kShortestSeconds);
}

double LatencyTable::seconds(Operation operation, std::uint64_t bytes, double share) const {
  const Sizes& measured = sizes(operation);
  const auto above = measured.lower_bound(bytes);
  if (above != measured.end() && (above->first == bytes || above == measured.begin()))
    return quantile(above->second, share);
  const auto below = std::prev(above);
  const double seconds_below = quantile(below->second, share);
  const double ratio = static_cast<double>(bytes) / static_cast<double>(below->first);
  if (above == measured.end()) return seconds_below * ratio;
  const double way = std::log(ratio) / std::log(static_cast<double>(above->first) / static_cast<double>(below->first));
  return seconds_below * std::pow(quantile(above->second, share) / seconds_below, way);
}

LatencyTable LatencyTable::times(double factor) const {
  LatencyTable scaled = *this;
  scaled.name_ = fmt::format("{} x {:g}", name_, factor);
  for (Sizes* sizes : {&scaled.puts_, &scaled.gets_})
    for (auto& [bytes, histogram] : *sizes)
      for (Bucket& bucket : histogram) {
        bucket.from_seconds *= factor;
        bucket.to_seconds *= factor;
      }
  return scaled;
}

}  // namespace wolfpack::sim
