// What every page must be, for the tests of the report pages.
#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wolfpack::report {

/// What is wrong with the nesting of tags; empty where every tag is closed in order.
inline std::string nesting_error(std::string_view html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string_view::npos) return "a tag without an end";
    const std::string_view tag = html.substr(at + 1, end - at - 1);
    at = end;
    if (tag.starts_with('!') || tag.ends_with('/')) continue;
    const bool closes = tag.starts_with('/');
    std::string name;
    for (const char c : tag.substr(closes ? 1 : 0)) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) break;
      name += c;
    }
    if (name.empty()) return "a stray <";
    if (!closes) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> closes " + (open.empty() ? "nothing" : "<" + open.back() + ">");
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> is never closed";
}

/// Well nested, nothing to load, and no number that is none.
inline void expect_sound(const std::string& html) {
  EXPECT_EQ(nesting_error(html), "");
  for (const char* loads : {"http:", "https:", "<script", "<link", "@import", "url(", "src=\"/"})
    EXPECT_THAT(html, ::testing::Not(::testing::HasSubstr(loads)));
  for (const char* number : {"nan", "-inf", "\"inf"}) EXPECT_THAT(html, ::testing::Not(::testing::HasSubstr(number)));
}

}  // namespace wolfpack::report
