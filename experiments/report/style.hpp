// The pages' style sheets: light, dark and print. Constants, so that the pages' sources stay readable.
#pragma once

#include <string_view>

namespace wolfpack::report {

/// CSS without any external resource.
extern const std::string_view kStyle;
/// What the latency page needs beyond it.
extern const std::string_view kLatencyStyle;

}  // namespace wolfpack::report
