// What somebody typed or wrote, as a message shows it.
#pragma once

#include <cctype>
#include <cstdio>
#include <string>
#include <string_view>

namespace wolfpack {

/// In quotes, with what cannot be printed as \xNN, and cut after 60 characters.
[[nodiscard]] inline std::string in_quotes(std::string_view token) {
  constexpr std::size_t kLongest = 60;
  std::string text = "'";
  for (const char c : token.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    char escaped[] = "\\x00";
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned>(byte));
    if (std::isprint(byte) != 0)
      text += c;
    else
      text.append(escaped);
  }
  return text.append(token.size() > kLongest ? "'..." : "'");
}

}  // namespace wolfpack
