#include "experiments/data/npy_header.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/in_quotes.hpp"

namespace wolfpack::data {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

/// Reads the dict literal of one header.
class DictParser {
 public:
  DictParser(const std::string& file, std::string_view text) : file_(file), rest_(text) {}

  NpyHeader parse() {
    NpyHeader header;
    bool seen_descr = false, seen_order = false, seen_shape = false;
    expect('{');
    while (!take('}')) {
      const std::string key = string("a key");
      expect(':');
      if (key == "descr" && !std::exchange(seen_descr, true)) {
        header.descr = string("a plain dtype, such as '<f4',");
      } else if (key == "fortran_order" && !std::exchange(seen_order, true)) {
        header.fortran_order = boolean();
      } else if (key == "shape" && !std::exchange(seen_shape, true)) {
        header.shape = shape();
      } else {
        fail(fmt::format("the key {} is unknown or given twice", in_quotes(key)));
      }
      if (take(',')) continue;
      expect('}');
      break;
    }
    skip_blanks();
    if (!rest_.empty()) fail(fmt::format("{} follows the dict", in_quotes(rest_)));
    if (!seen_descr || !seen_order || !seen_shape) fail("a key is missing");
    return header;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    refuse(file_, fmt::format("its .npy header is wrong: {}; expected a dict of descr, fortran_order and shape", what));
  }

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size())); }

  bool take(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take_word(std::string_view word) {
    skip_blanks();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  void expect(char c) {
    if (!take(c)) {
      fail(fmt::format("{} stands where '{}' belongs", rest_.empty() ? "its end" : in_quotes(rest_.substr(0, 12)), c));
    }
  }

  std::string string(std::string_view what) {
    skip_blanks();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const auto end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) {
      fail(fmt::format("{} must be a string in quotes, not {}", what, in_quotes(rest_.substr(0, 12))));
    }
    const std::string text(rest_.substr(1, end - 1));
    if (text.find('\\') != std::string::npos) fail(fmt::format("{} holds an escape", in_quotes(text)));
    rest_.remove_prefix(end + 1);
    return text;
  }

  bool boolean() {
    if (take_word("True")) return true;
    if (take_word("False")) return false;
    fail("fortran_order is neither True nor False");
  }

  std::vector<Index> shape() {
    std::vector<Index> lengths;
    bool comma = false;
    expect('(');
    while (!take(')')) {
      skip_blanks();
      Index length = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), length);
      if (error != std::errc() || length < 0) {
        fail(fmt::format("{} is no length of a shape", in_quotes(rest_.substr(0, 24))));
      }
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      static_cast<void>(take('L'));  // Python 2 wrote long integers so
      lengths.push_back(length);
      if (take(',')) {
        comma = true;
        continue;
      }
      expect(')');
      break;
    }
    if (lengths.size() == 1 && !comma) fail("shape is a number, not a tuple");
    return lengths;
  }

  const std::string& file_;
  std::string_view rest_;
};

std::uint64_t little_endian(const unsigned char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

NpyHeader read_npy_header(InputFile& file) {
  constexpr std::uint64_t kLongest = 1 << 16;  // structured dtypes, which are refused, are the only ones that come near
  std::array<unsigned char, 12> start{};
  const std::size_t prefix = kMagic.size() + 2;
  if (file.read(start.data(), prefix) < prefix ||
      std::string_view(reinterpret_cast<const char*>(start.data()), kMagic.size()) != kMagic) {
    refuse(file.path(), "does not begin like a .npy file; expected \\x93NUMPY and a version");
  }
  const int major = start[6], minor = start[7];
  if (major < 1 || major > 3 || minor != 0) {
    refuse(file.path(), fmt::format("is of .npy version {}.{}; expected 1.0, 2.0 or 3.0", major, minor));
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  const bool whole = file.read(start.data() + prefix, length_bytes) == length_bytes;
  const std::uint64_t length = little_endian(start.data() + prefix, length_bytes);
  if (whole && length > kLongest) {
    refuse(file.path(), fmt::format("its .npy header is {} bytes long; expected at most {}", length, kLongest));
  }
  std::string text(length, '\0');
  if (!whole || file.read(text.data(), length) < length) {
    refuse(file.path(), "ends within its .npy header; expected the whole file");
  }
  NpyHeader header = DictParser(file.path(), text).parse();
  header.data_offset = prefix + length_bytes + length;
  return header;
}

std::uint64_t check_npy_length(const InputFile& file, const NpyHeader& header, std::uint64_t value_bytes) {
  constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 62;
  constexpr std::uint64_t kBestDeflateRatio = 1032;
  std::uint64_t bytes = value_bytes;
  for (const Index length : header.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(length), &bytes) || bytes > kLargestFile) {
      refuse(file.path(), "its shape promises more than any file holds; expected a shape that matches the file");
    }
  }
  const std::uint64_t stored = file.stored_bytes();
  const bool matches = file.compressed() ? bytes / kBestDeflateRatio <= stored : stored == header.data_offset + bytes;
  if (matches) return bytes;
  const std::string of_what =
      file.compressed() ? " of gzip data" : fmt::format(", header included (it takes {})", header.data_offset);
  refuse(file.path(),
         fmt::format("its header promises {} bytes of values but the file has {} bytes{}; expected a whole .npy file",
                     bytes, stored, of_what));
}

std::string npy_header(std::string_view descr, bool fortran_order, const std::vector<Index>& shape) {
  std::string dict =
      fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': ({}{}), }}", descr, fortran_order ? "True" : "False",
                  fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  const std::size_t prefix = kMagic.size() + 4;
  dict.append(63 - (prefix + dict.size()) % 64, ' ');
  dict += '\n';
  assert((prefix + dict.size()) % 64 == 0 && dict.size() < 65536);
  std::string header(kMagic);
  header += {'\x01', '\x00', static_cast<char>(dict.size() & 0xff), static_cast<char>(dict.size() >> 8)};
  return header + dict;
}

}  // namespace wolfpack::data
