// Text for the report page: escaping, and numbers as people read them.
//
// Pure functions, safe from any thread. What they return is UTF-8 and needs no further escaping.
//
//     number(7.3e-7, 2)  ->  "7.3 × 10⁻⁷"        count(60000)  ->  "60 000" (with narrow no-break spaces)
#pragma once

#include <string>
#include <string_view>

#include "base/types.hpp"

namespace wolfpack::report {

/// `text` for element content and quoted attributes: & < > " ' become entities, control characters a replacement mark.
[[nodiscard]] std::string escape(std::string_view text);

/// `value` with so many significant digits; beyond 1e-4 .. 1e7 as a power of ten. A true minus sign.
[[nodiscard]] std::string number(double value, int significant);

/// number() without trailing zeros and without a leading "1 ×": for what somebody typed in.
[[nodiscard]] std::string trimmed(double value, int significant);

/// 10 to the `exponent`, in superscript digits.
[[nodiscard]] std::string power_of_ten(int exponent);

/// A whole number, grouped by thousands from five digits on.
[[nodiscard]] std::string count(Index value);

/// "1 picture", "1 204 pictures": the plural is the singular with an s.
[[nodiscard]] std::string plural(Index value, std::string_view singular);

/// A duration in the unit that suits it, three significant digits; minutes and seconds from two minutes on.
[[nodiscard]] std::string duration(double seconds);

/// A share of 1 as a percentage with one decimal; what is not zero is never printed as zero.
[[nodiscard]] std::string percent(double share);

/// A message's size: "8 B", "4 KiB", "1.5 MiB"; in bytes where it is no neat multiple.
[[nodiscard]] std::string byte_size(Index bytes);

}  // namespace wolfpack::report
