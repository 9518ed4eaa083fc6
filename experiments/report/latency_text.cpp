#include "experiments/report/latency_text.hpp"

#include <cmath>

#include <fmt/format.h>

#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

/// From here on a time is printed whole, by thousands.
constexpr double kGrouped = 1e4;

std::string names_in_words(const std::vector<std::string_view>& operations) {
  std::string out;
  for (std::size_t k = 0; k < operations.size(); ++k)
    out += fmt::format("{}<b>{}</b>", k == 0 ? "" : k + 1 == operations.size() ? " and " : ", ", escape(operations[k]));
  return out;
}

}  // namespace

std::string microseconds(double value) { return microseconds_or_dash(value) + "\u00a0µs"; }

std::string microseconds_or_dash(std::optional<double> value) {
  if (!value) return "–";
  return *value >= kGrouped && *value < 1e12 ? count(std::llround(*value)) : number(*value, 3);
}

std::string measured_in_words(const LatencyResult& result) {
  return fmt::format("{} of {}", escape(result.operation), byte_size(result.bytes));
}

std::string halves_and_wholes(const std::vector<const LatencyResult*>& results) {
  std::vector<const LatencyResult*> halves;
  std::vector<const LatencyResult*> wholes;
  for (const LatencyResult* result : results) (result->is_half_round_trip ? halves : wholes).push_back(result);
  const std::vector<std::string_view> half = operations_of(halves);
  const std::vector<std::string_view> whole = operations_of(wholes);
  std::string out;
  if (!half.empty())
    out += fmt::format("{} {} half a round trip: one way.", names_in_words(half), half.size() == 1 ? "is" : "are");
  if (!whole.empty())
    out +=
        fmt::format("{}{} {} the whole, from {} start until it is complete.", out.empty() ? "" : " ",
                    names_in_words(whole), whole.size() == 1 ? "is" : "are", whole.size() == 1 ? "its" : "each one’s");
  return out;
}

}  // namespace wolfpack::report
