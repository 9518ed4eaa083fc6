#include "experiments/data/csv.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/in_quotes.hpp"
#include "experiments/data/text.hpp"

namespace wolfpack::data {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The name in quotes that `text` begins with, and what follows it.
std::pair<std::string, std::string_view> quoted_name(const LineReader& lines, std::string_view text) {
  std::string name;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '"') {
      name += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '"') {
      name += text[i++];
    } else {
      return {name, text.substr(i + 1)};
    }
  }
  lines.refuse_line("a quoted column name has no end; expected a closing \"");
}

std::vector<std::string> parse_names(const LineReader& lines) {
  std::vector<std::string> names;
  std::string_view rest = lines.text();
  while (true) {
    rest = rest.substr(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (rest.starts_with('"')) {
      auto [name, after] = quoted_name(lines, rest);
      names.push_back(std::move(name));
      rest = after.substr(std::min(after.find_first_not_of(" \t"), after.size()));
      if (!rest.empty() && rest.front() != ',') {
        lines.refuse_line(fmt::format("{} follows a quoted name; expected a comma", in_quotes(rest)));
      }
    } else {
      const auto comma = std::min(rest.find(','), rest.size());
      names.emplace_back(trimmed(rest.substr(0, comma)));
      rest = rest.substr(comma);
    }
    if (rest.empty()) return names;
    rest.remove_prefix(1);
  }
}

bool is_number(const std::string& name) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  return error == std::errc() && end == name.data() + name.size();
}

std::vector<std::string> read_header(LineReader& lines) {
  constexpr const char* kExpected = "a first line with the columns' names";
  if (!lines.next() || TextScanner(lines).at_end()) {
    refuse(lines.path(), 1, fmt::format("is blank; expected {}", kExpected));
  }
  std::vector<std::string> names = parse_names(lines);
  if (std::ranges::all_of(names, is_number)) {
    lines.refuse_line(fmt::format("holds numbers only; expected {}", kExpected));
  }
  return names;
}

class CsvReader final : public DatasetReader {
 public:
  CsvReader(std::string path, const std::string& target, bool target_is_optional) : path_(std::move(path)) {
    LineReader lines(path_);
    const std::vector<std::string> names = read_header(lines);
    fields_ = names.size();
    if (!target.empty() || !target_is_optional) find_target(target, names);
    if (columns() == 0) refuse(path_, 1, "the target is the only column; expected at least one feature beside it");
  }

  /// Reads the whole file once and returns the target column, if there is one.
  std::vector<double> scan() {
    std::vector<double> target;
    rows_ = for_each_row({0, columns()}, [&](Index, std::size_t field, double value) {
      if (field == target_field_) target.push_back(value);
    });
    if (rows_ == 0) refuse(path_, "holds a header but no row; expected lines of numbers after it");
    return target;
  }

  [[nodiscard]] bool target_is_a_column() const { return target_field_ != kNone; }
  [[nodiscard]] Index rows() const override { return rows_; }
  [[nodiscard]] Index columns() const override { return static_cast<Index>(fields_) - (target_is_a_column() ? 1 : 0); }

  [[nodiscard]] Matrix load(ColumnRange range) const override {
    assert(range.first >= 0 && range.count >= 0 && range.first + range.count <= columns());
    DenseMatrix<double> matrix{rows_, range.count, LargeArray<double>(static_cast<std::size_t>(rows_ * range.count))};
    const Index rows_now = for_each_row(range, [&](Index row, std::size_t field, double value) {
      if (row >= rows_ || field == target_field_) return;
      matrix.values[static_cast<std::size_t>((feature(field) - range.first) * rows_ + row)] = value;
    });
    if (rows_now != rows_) refuse(path_, "changed while it was read; expected it to stay");
    return matrix;
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// The feature in a field that is not the target.
  [[nodiscard]] Index feature(std::size_t field) const {
    return static_cast<Index>(field) - (field > target_field_ ? 1 : 0);
  }

  void find_target(const std::string& target, const std::vector<std::string>& columns) {
    const auto found = std::ranges::find(columns, target);
    if (target.empty() || found == columns.end()) {
      if (!target.empty() && std::filesystem::exists(target)) return;
      std::string names = fmt::format("{}", fmt::join(columns, ", "));
      if (names.size() > 200) names = names.substr(0, 200) + " ...";
      const std::string seen =
          target.empty() ? "no target is named" : in_quotes(target) + " is neither a column nor a file";
      refuse(path_, 1, fmt::format("{}; expected --target with a target file or one of the columns {}", seen, names));
    }
    if (std::ranges::count(columns, target) > 1) {
      refuse(path_, 1, fmt::format("several columns are named {}; expected one", in_quotes(target)));
    }
    target_field_ = static_cast<std::size_t>(found - columns.begin());
  }

  /// Calls visit(row, field, value) for the fields of the features in `range`, and of the target; returns the number of
  /// rows.
  template <class Visit>
  Index for_each_row(ColumnRange range, Visit visit) const {
    LineReader lines(path_);
    static_cast<void>(lines.next());  // the header
    Index row = 0, blank_line = 0;
    while (lines.next()) {
      TextScanner scanner(lines);
      if (scanner.at_end()) {
        if (blank_line == 0) blank_line = lines.number();
        continue;
      }
      if (blank_line != 0) {
        refuse(path_, blank_line, "is blank but not at the end of the file; expected a row of numbers");
      }
      if (row == kLargestDimension) {
        lines.refuse_line(fmt::format("is one row too many; expected at most {}", kLargestDimension));
      }
      for_each_field(lines, scanner, range, [&](std::size_t field, double value) { visit(row, field, value); });
      ++row;
    }
    return row;
  }

  template <class Visit>
  void for_each_field(const LineReader& lines, TextScanner& scanner, ColumnRange range, Visit visit) const {
    for (std::size_t field = 0; field < fields_; ++field) {
      if (field > 0 && !scanner.take(',')) {
        lines.refuse_line(
            fmt::format("holds {} fields; expected {}, as in the header, separated by commas", field, fields_));
      }
      if (field == target_field_ || range.contains(feature(field))) {
        visit(field, scanner.real("a finite number in every field, separated by commas", ','));
      } else {
        scanner.skip_to(',');
      }
    }
    if (!scanner.at_end()) {
      scanner.refuse_here("is too much", fmt::format("{} fields, as in the header", fields_));
    }
  }

  std::string path_;
  std::size_t fields_ = 0;
  std::size_t target_field_ = kNone;
  Index rows_ = 0;
};

}  // namespace

LabelledReader open_csv(const std::string& path, const std::string& target, bool target_is_optional) {
  auto reader = std::make_unique<CsvReader>(path, target, target_is_optional);
  std::vector<double> labels = reader->scan();
  const bool target_is_a_column = reader->target_is_a_column();
  return {.reader = std::move(reader), .labels = std::move(labels), .target_is_a_column = target_is_a_column};
}

}  // namespace wolfpack::data
