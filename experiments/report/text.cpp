#include "experiments/report/text.hpp"

#include <cmath>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace wolfpack::report {
namespace {

constexpr std::string_view kMinus = "\u2212";
constexpr std::string_view kGroup = "\u202f";
const std::string kTimes = "\u00a0×\u00a0";

std::string with_true_minus(std::string text) {
  if (!text.empty() && text.front() == '-') text.replace(0, 1, kMinus);
  return text;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n')
          out += "\ufffd";
        else
          out += c;
    }
  }
  return out;
}

std::string power_of_ten(int exponent) {
  static constexpr std::string_view kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = "10";
  if (exponent < 0) out += "⁻";
  for (const char digit : std::to_string(std::abs(exponent))) out += kDigits[digit - '0'];
  return out;
}

std::string number(double value, int significant) {
  if (value == 0.0) return "0";
  if (!std::isfinite(value)) return std::isnan(value) ? "undefined" : value > 0 ? "∞" : "−∞";
  const std::string scientific = fmt::format("{:.{}e}", value, significant - 1);
  const std::size_t mark = scientific.find('e');
  const int exponent = std::atoi(scientific.c_str() + mark + 1);
  if (exponent >= -4 && exponent < 7) {
    const int decimals = significant - 1 - exponent;
    return with_true_minus(fmt::format("{:.{}f}", value, decimals > 0 ? decimals : 0));
  }
  return with_true_minus(scientific.substr(0, mark)) + kTimes + power_of_ten(exponent);
}

std::string trimmed(double value, int significant) {
  const std::string full = number(value, significant);
  const std::size_t times = full.find(kTimes);
  std::string mantissa = full.substr(0, times);
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.back() == '.') mantissa.pop_back();
  }
  if (times == std::string::npos) return mantissa;
  return mantissa == "1" ? full.substr(times + kTimes.size()) : mantissa + full.substr(times);
}

std::string count(Index value) {
  std::string digits = std::to_string(value);
  const std::size_t sign = value < 0 ? 1 : 0;
  if (digits.size() - sign >= 5) {
    for (std::size_t at = digits.size() - 3; at > sign; at -= 3) {
      digits.insert(at, kGroup);
      if (at < sign + 4) break;
    }
  }
  return with_true_minus(digits);
}

std::string plural(Index value, std::string_view singular) {
  return fmt::format("{} {}{}", count(value), singular, value == 1 ? "" : "s");
}

std::string duration(double seconds) {
  const double size = std::abs(seconds);
  if (size >= 120.0) {
    const auto whole = static_cast<Index>(std::llround(seconds));
    return fmt::format("{} min {} s", whole / 60, whole % 60);
  }
  if (size >= 1.0 || size == 0.0) return number(seconds, 3) + " s";
  if (size >= 1e-3) return number(seconds * 1e3, 3) + " ms";
  return number(seconds * 1e6, 3) + " µs";
}

std::string percent(double share) {
  if (share > 0.0 && share < 0.0005) return "&lt;0.1%";
  return fmt::format("{:.1f}%", share * 100.0);
}

std::string byte_size(Index bytes) {
  constexpr Index kQuarters = 4;  // of a unit: 1.25 KiB is neat
  for (const auto& [unit, name] :
       {std::pair{Index{1} << 30, "GiB"}, std::pair{Index{1} << 20, "MiB"}, std::pair{Index{1} << 10, "KiB"}})
    if (bytes >= unit && bytes % (unit / kQuarters) == 0)
      return trimmed(static_cast<double>(bytes) / static_cast<double>(unit), 6) + "\u00a0" + name;
  return count(bytes) + "\u00a0B";
}

}  // namespace wolfpack::report
