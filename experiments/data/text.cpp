#include "experiments/data/text.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "base/in_quotes.hpp"

namespace wolfpack::data {
namespace {

/// 0 where the number is too small for float64, infinity where it is too large: std::from_chars does not say which.
double beyond_range(const char* begin, const char* end) {
  const double value = std::strtod(std::string(begin, end).c_str(), nullptr);
  return std::abs(value) < 1.0 ? value : HUGE_VAL;
}

}  // namespace

bool LineReader::fill() {
  if (at_end_) return false;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  const std::size_t got = file_.read(buffer_.data() + end_, buffer_.size() - end_);
  at_end_ = got < buffer_.size() - end_;
  end_ += got;
  return got > 0;
}

bool LineReader::next() {
  std::size_t searched = 0;
  const char* line_feed = nullptr;
  do {
    const char* from = buffer_.data() + begin_ + searched;
    line_feed = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_ - searched));
    searched = end_ - begin_;
  } while (line_feed == nullptr && fill());
  if (begin_ == end_) return false;

  const char* first = buffer_.data() + begin_;
  const char* last = line_feed != nullptr ? line_feed : buffer_.data() + end_;
  begin_ = static_cast<std::size_t>(last - buffer_.data()) + (line_feed != nullptr ? 1 : 0);
  text_ = {first, static_cast<std::size_t>(last - first)};
  if (text_.ends_with('\r')) text_.remove_suffix(1);
  if (++number_ == 1 && text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  return true;
}

TextScanner::TextScanner(const LineReader& lines, char comment)
    : lines_(lines), at_(lines.text().data()), end_(at_ + lines.text().size()) {
  if (comment == '\0') return;
  if (const void* sign = std::memchr(at_, comment, lines.text().size())) end_ = static_cast<const char*>(sign);
}

double TextScanner::real(const char* expected, char delimiter) {
  static_cast<void>(at_end());
  const char* digits = at_ != end_ && *at_ == '+' && at_ + 1 != end_ && at_[1] != '-' ? at_ + 1 : at_;
  double value = 0.0;
  const auto [stop, error] = std::from_chars(digits, end_, value);
  if (error == std::errc::invalid_argument || !ends_at(stop, delimiter)) refuse_here("is not a number", expected);
  if (error == std::errc::result_out_of_range) value = beyond_range(digits, stop);
  if (!std::isfinite(value)) refuse_here("is not a finite float64 number", expected);
  at_ = stop;
  return value;
}

Index TextScanner::whole(Index smallest, Index largest, const char* expected, char delimiter) {
  static_cast<void>(at_end());
  Index value = 0;
  const auto [stop, error] = std::from_chars(at_, end_, value);
  if (error == std::errc::invalid_argument || !ends_at(stop, delimiter)) refuse_here("is not a whole number", expected);
  if (error == std::errc::result_out_of_range || value < smallest || value > largest) {
    refuse_here(fmt::format("is not in {} .. {}", smallest, largest), expected);
  }
  at_ = stop;
  return value;
}

std::string_view TextScanner::word() {
  static_cast<void>(at_end());
  const char* first = at_;
  while (at_ != end_ && !is_blank(*at_)) ++at_;
  return {first, at_};
}

void TextScanner::refuse_here(std::string_view what, std::string_view expected) const {
  const char* first = at_;
  while (first != end_ && is_blank(*first)) ++first;
  const char* last = first;
  while (last != end_ && !is_blank(*last)) ++last;
  const std::string seen =
      first == end_ ? "the line ends too early" : fmt::format("{} {}", in_quotes({first, last}), what);
  lines_.refuse_line(fmt::format("{}; expected {}", seen, expected));
}

}  // namespace wolfpack::data
