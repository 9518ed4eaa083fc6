// Lines of a text file, and the numbers in a line.
//
// Parsing depends on no locale. A number is what std::from_chars reads, with a leading + allowed; NaN, infinity and
// what exceeds float64 are refused, what is smaller than float64 holds is 0.
//
//     LineReader lines("y.txt");
//     while (lines.next()) {
//       TextScanner scanner(lines);
//       while (!scanner.at_end()) sum += scanner.real("one number a line");
//     }
//
// One thread at a time. Throws InputError "FILE:LINE: what is wrong; expected ...".
#pragma once

#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "experiments/data/input_file.hpp"

namespace wolfpack::data {

class LineReader {
 public:
  explicit LineReader(const std::string& path) : file_(path) {}

  /// Goes to the next line; false at the end of the file. A last line without a line feed counts.
  bool next();
  /// The line without its line end (LF or CRLF) or a byte order mark before it. Valid until next().
  [[nodiscard]] std::string_view text() const { return text_; }
  /// Counted from 1.
  [[nodiscard]] Index number() const { return number_; }
  [[nodiscard]] const std::string& path() const { return file_.path(); }

  /// Throws InputError for this line.
  [[noreturn]] void refuse_line(std::string_view what) const { refuse(path(), number_, what); }

 private:
  bool fill();

  InputFile file_;
  std::vector<char> buffer_ = std::vector<char>(1 << 18);
  std::size_t begin_ = 0;  ///< unread bytes are buffer_[begin_, end_)
  std::size_t end_ = 0;
  bool at_end_ = false;
  std::string_view text_;
  Index number_ = 0;
};

/// [begin, end) of a line, read from left to right. Blanks are spaces and tabs.
class TextScanner {
 public:
  /// Reads the line that `lines` stands on, up to `comment` where that character is given and occurs.
  explicit TextScanner(const LineReader& lines, char comment = '\0');

  /// Skips blanks; true where nothing is left.
  [[nodiscard]] bool at_end() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
    return at_ == end_;
  }
  /// Skips blanks, then takes `c` if it stands there.
  [[nodiscard]] bool take(char c) {
    if (at_end() || *at_ != c) return false;
    ++at_;
    return true;
  }
  /// Takes `text` if it stands right here.
  [[nodiscard]] bool take_exactly(std::string_view text) {
    if (!std::string_view(at_, end_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  /// Skips to the next `c` or the end.
  void skip_to(char c) {
    const void* found = at_ == end_ ? nullptr : std::memchr(at_, c, static_cast<std::size_t>(end_ - at_));
    at_ = found == nullptr ? end_ : static_cast<const char*>(found);
  }

  /// A finite number that ends at a blank, at `delimiter` or at the end. `expected` completes the message.
  double real(const char* expected, char delimiter = ' ');
  /// A whole number in smallest .. kLargestDimension that ends likewise.
  Index natural(Index smallest, const char* expected, char delimiter = ' ') {
    return whole(smallest, kLargestDimension, expected, delimiter);
  }
  /// A count of entries: a whole number >= 0 of up to 63 bits, ending at a blank or the end.
  Index count(const char* expected) { return whole(0, std::numeric_limits<Index>::max(), expected, ' '); }
  /// The characters up to a blank or the end.
  std::string_view word();

  /// Throws InputError for the line, quoting what stands here.
  [[noreturn]] void refuse_here(std::string_view what, std::string_view expected) const;

 private:
  Index whole(Index smallest, Index largest, const char* expected, char delimiter);
  static bool is_blank(char c) { return c == ' ' || c == '\t'; }
  [[nodiscard]] bool ends_at(const char* p, char delimiter) const {
    return p == end_ || is_blank(*p) || *p == delimiter;
  }

  const LineReader& lines_;
  const char* at_;
  const char* end_;
};

}  // namespace wolfpack::data
