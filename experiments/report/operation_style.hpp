// How the operations of `wolfpack latency` look on its page: a colour and a marker each, so that neither alone has to
// tell them apart. What libibverbs alone does wears its operation's colour, hollow and dashed.
//
// Pure functions, safe from any thread.
//
//     OperationStyle style = operation_style("verbs_write");        // put's
//     out += fmt::format("<g class=\"{}\">{}</g>", style.css_class, marker(style, {x, y}));
#pragma once

#include <string>
#include <string_view>

#include "experiments/report/plot.hpp"

namespace wolfpack::report {

struct OperationStyle {
  std::string css_class;     ///< sets --operation in the style sheet
  std::string_view outline;  ///< of the marker, as an SVG path about 0, 0
  bool is_floor = false;     ///< of libibverbs alone
};

/// Of an operation that this page does not know, an "other" one's.
[[nodiscard]] OperationStyle operation_style(std::string_view operation);

/// The marker at a place in pixels; to be drawn within an element of the style's class.
[[nodiscard]] std::string marker(const OperationStyle& style, Point at);

}  // namespace wolfpack::report
