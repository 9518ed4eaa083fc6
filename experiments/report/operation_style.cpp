#include "experiments/report/operation_style.hpp"

#include <array>

#include <fmt/format.h>

namespace wolfpack::report {
namespace {

struct Known {
  std::string_view operation;
  std::string_view floor;
  std::string_view css_class;
  std::string_view outline;
};

constexpr std::string_view kCircle = "m-3.8 0a3.8 3.8 0 1 0 7.6 0a3.8 3.8 0 1 0-7.6 0z";
constexpr std::string_view kSquare = "m-3.5-3.5h7v7h-7z";
constexpr std::string_view kTriangle = "m0-4.6l4.4 7.8h-8.8z";
constexpr std::string_view kPointDown = "m0 4.6l4.4-7.8h-8.8z";
constexpr std::string_view kDiamond = "m0-5l4.6 5l-4.6 5l-4.6-5z";
constexpr std::string_view kPlus = "m-1.5-4.6h3v3.1h3.1v3h-3.1v3.1h-3v-3.1h-3.1v-3h3.1z";
constexpr std::string_view kHexagon = "m-4.4 0l2.2-3.8h4.4l2.2 3.8l-2.2 3.8h-4.4z";

constexpr std::array<Known, 7> kKnown{{{"put", "verbs_write", "operation-put", kCircle},
                                       {"get", "verbs_read", "operation-get", kSquare},
                                       {"fetch_add", "verbs_fetch_add", "operation-fetch-add", kDiamond},
                                       {"put_then_flag", "", "operation-put-then-flag", kTriangle},
                                       {"row_read", "", "operation-row-read", kPointDown},
                                       {"update", "", "operation-update", kPlus},
                                       {"clock_broadcast", "", "operation-clock-broadcast", kHexagon}}};

}  // namespace

OperationStyle operation_style(std::string_view operation) {
  for (const Known& known : kKnown) {
    const bool is_floor = !known.floor.empty() && operation == known.floor;
    if (operation == known.operation || is_floor)
      return {.css_class = fmt::format("{}{}", known.css_class, is_floor ? " floor" : ""),
              .outline = known.outline,
              .is_floor = is_floor};
  }
  return {.css_class = "operation-other", .outline = kCircle};
}

std::string marker(const OperationStyle& style, Point at) {
  return fmt::format("<path class=\"marker\" d=\"M{:.1f} {:.1f}{}\"/>", at.x, at.y, style.outline);
}

}  // namespace wolfpack::report
