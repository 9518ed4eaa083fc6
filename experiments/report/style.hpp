// The report page's style sheet: light, dark and print. One constant, so that page.cpp stays readable.
#pragma once

#include <string_view>

namespace wolfpack::report {

/// CSS without any external resource.
extern const std::string_view kStyle;

}  // namespace wolfpack::report
