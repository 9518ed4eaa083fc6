#include "experiments/report/json_fields.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "base/status.hpp"

namespace wolfpack::report {
namespace {

/// Beyond it a double no longer holds every whole number.
constexpr double kLargestWhole = 9.0e15;

}  // namespace

std::ifstream open_input(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file))
    throw InputError(fmt::format(
        "{}: cannot be read; a folder that `wolfpack lasso --output` or `wolfpack latency --output` wrote is expected",
        file.string()));
  return in;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in = open_input(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

Json parse_object(std::string_view text, const std::filesystem::path& file, std::size_t first_line) {
  Json value;
  try {
    value = Json::parse(text);
  } catch (const Json::parse_error& error) {
    const std::string_view before = text.substr(0, std::min(error.byte, text.size()));
    const auto line = first_line + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    throw InputError(
        fmt::format("{}:{}: not valid JSON (byte {}); one JSON object is expected", file.string(), line, error.byte));
  } catch (const Json::exception& error) {
    throw InputError(fmt::format("{}:{}: {}", file.string(), first_line, error.what()));
  }
  if (!value.is_object()) throw InputError(fmt::format("{}:{}: a JSON object is expected", file.string(), first_line));
  return value;
}

double Fields::number(const char* name) const {
  const Json& value = required(name);
  if (!value.is_number()) fail(name, "a number");
  return value.get<double>();
}

std::optional<double> Fields::number_or_null(const char* name) const {
  if (required(name).is_null()) return std::nullopt;
  return number(name);
}

double Fields::amount(const char* name) const {
  const double value = number(name);
  if (!(value >= 0.0)) fail(name, "a number, 0 or more");
  return value;
}

Index Fields::whole(const char* name) const {
  const double value = number(name);
  if (value < 0.0 || value != std::floor(value) || value > kLargestWhole) fail(name, "a whole number, 0 or more");
  return static_cast<Index>(value);
}

std::optional<Index> Fields::whole_or_null(const char* name) const {
  if (required(name).is_null()) return std::nullopt;
  return whole(name);
}

double Fields::seconds(const char* name) const { return std::max(0.0, number(name)); }

std::string Fields::text(const char* name) const {
  const Json& value = required(name);
  if (!value.is_string()) fail(name, "a string");
  return value.get<std::string>();
}

bool Fields::flag(const char* name) const {
  const Json& value = required(name);
  if (!value.is_boolean()) fail(name, "true or false");
  return value.get<bool>();
}

const Json& Fields::list(const char* name) const {
  const Json& value = required(name);
  if (!value.is_array()) fail(name, "a list");
  return value;
}

const Json& Fields::object(const char* name) const {
  const Json& value = required(name);
  if (!value.is_object()) fail(name, "an object");
  return value;
}

void Fields::fail(const char* name, std::string_view accepted) const {
  throw InputError(fmt::format("{}: field \"{}\" must be {}", place_, name, accepted));
}

const Json& Fields::required(const char* name) const {
  const auto found = object_.find(name);
  if (found == object_.end()) throw InputError(fmt::format("{}: field \"{}\" is missing", place_, name));
  return *found;
}

}  // namespace wolfpack::report
