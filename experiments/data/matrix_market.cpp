#include "experiments/data/matrix_market.hpp"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/in_quotes.hpp"
#include "experiments/data/column_assembler.hpp"
#include "experiments/data/text.hpp"

namespace wolfpack::data {
namespace {

constexpr std::string_view kMagic = "%%MatrixMarket";
constexpr const char* kBanner =
    "%%MatrixMarket matrix coordinate|array real|integer|pattern general|symmetric|skew-symmetric";

enum class Symmetry { general, symmetric, skew_symmetric };
enum class Field { real, integer, pattern };

struct Header {
  bool coordinate = true;
  Field field = Field::real;
  Symmetry symmetry = Symmetry::general;
  Index rows = 0;
  Index columns = 0;
  Index entries = 0;  ///< that the file lists, before mirroring
};

std::string lower(std::string_view word) {
  std::string text(word);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Header parse_banner(LineReader& lines) {
  if (!lines.next() || !lines.text().starts_with(kMagic)) {
    refuse(lines.path(), 1, fmt::format("is no Matrix Market banner; expected {}", kBanner));
  }
  TextScanner scanner(lines);
  static_cast<void>(scanner.word());
  const std::string object = lower(scanner.word()), format = lower(scanner.word()), field = lower(scanner.word()),
                    symmetry = lower(scanner.word());
  Header header;
  header.coordinate = format == "coordinate";
  header.field = field == "pattern" ? Field::pattern : field == "integer" ? Field::integer : Field::real;
  header.symmetry = symmetry == "symmetric"        ? Symmetry::symmetric
                    : symmetry == "skew-symmetric" ? Symmetry::skew_symmetric
                                                   : Symmetry::general;
  const bool known = object == "matrix" && (header.coordinate || format == "array") &&
                     (header.field != Field::real || field == "real") &&
                     (header.symmetry != Symmetry::general || symmetry == "general") && scanner.at_end();
  const bool consistent =
      header.field != Field::pattern || (header.coordinate && header.symmetry != Symmetry::skew_symmetric);
  if (!known || !consistent) {
    lines.refuse_line(
        fmt::format("{} is not read; expected {}", in_quotes(lines.text().substr(kMagic.size())), kBanner));
  }
  return header;
}

/// How many values an array file of this shape lists.
Index array_entries(const Header& header) {
  const Index n = header.columns;
  switch (header.symmetry) {
    case Symmetry::symmetric:
      return n * (n + 1) / 2;
    case Symmetry::skew_symmetric:
      return n * (n - 1) / 2;
    default:
      return header.rows * n;
  }
}

Header parse_header(LineReader& lines) {
  Header header = parse_banner(lines);
  const char* expected = header.coordinate ? "the size line ROWS COLUMNS ENTRIES" : "the size line ROWS COLUMNS";
  bool found = false;
  while (!found && lines.next()) found = !lines.text().starts_with('%') && !TextScanner(lines).at_end();
  if (!found) refuse(lines.path(), fmt::format("ends before its sizes; expected {}", expected));
  TextScanner scanner(lines);
  header.rows = scanner.natural(1, expected);
  header.columns = scanner.natural(1, expected);
  if (header.symmetry != Symmetry::general && header.rows != header.columns) {
    lines.refuse_line("the matrix is symmetric but not square; expected as many rows as columns");
  }
  header.entries = header.coordinate ? scanner.count(expected) : array_entries(header);
  if (!scanner.at_end()) scanner.refuse_here("is too much", expected);
  check_column_count(lines.path(), lines.number(), header.columns);
  return header;
}

/// The entries that follow the header, in the order of the file, mirrored ones included.
class EntryScanner {
 public:
  EntryScanner(LineReader& lines, const Header& header)
      : lines_(lines), header_(header), array_row_(header.symmetry == Symmetry::skew_symmetric ? 1 : 0) {}

  /// Calls visit(row, column, value), indices from 0, for every entry whose column, or where there is a mirrored one
  /// that one's, lies in `range`. Values of others are passed over.
  template <class Visit>
  void for_each(ColumnRange range, Visit visit) {
    Index entries = 0;
    while (lines_.next()) {
      TextScanner scanner(lines_);
      if (scanner.at_end()) continue;
      if (++entries > header_.entries) {
        lines_.refuse_line(fmt::format("is one entry too many; expected {}", header_.entries));
      }
      const auto [row, column] = header_.coordinate ? coordinates(scanner) : next_in_array();
      if (!range.contains(column) && (header_.symmetry == Symmetry::general || !range.contains(row))) continue;
      const double x = value(scanner);
      visit(row, column, x);
      if (header_.symmetry == Symmetry::symmetric && row != column) visit(column, row, x);
      if (header_.symmetry == Symmetry::skew_symmetric) visit(column, row, -x);
    }
    if (entries < header_.entries) {
      refuse(lines_.path(), fmt::format("ends after {} entries; expected {}", entries, header_.entries));
    }
  }

 private:
  std::pair<Index, Index> coordinates(TextScanner& scanner) {
    const char* expected =
        header_.field == Field::pattern ? "ROW COLUMN, counted from 1" : "ROW COLUMN VALUE, counted from 1";
    const Index row = scanner.natural(1, expected), column = scanner.natural(1, expected);
    if (row > header_.rows || column > header_.columns) {
      lines_.refuse_line(fmt::format("row {}, column {} is outside of the matrix; expected at most {}, {}", row, column,
                                     header_.rows, header_.columns));
    }
    const bool stored = header_.symmetry == Symmetry::general || row > column ||
                        (row == column && header_.symmetry == Symmetry::symmetric);
    if (!stored) {
      lines_.refuse_line(
          fmt::format("row {}, column {} is implied by symmetry; expected the lower triangle only", row, column));
    }
    return {row - 1, column - 1};
  }

  std::pair<Index, Index> next_in_array() {
    const std::pair<Index, Index> place{array_row_, array_column_};
    if (++array_row_ == header_.rows) {
      ++array_column_;
      array_row_ = header_.symmetry == Symmetry::general
                       ? 0
                       : array_column_ + (header_.symmetry == Symmetry::skew_symmetric ? 1 : 0);
    }
    return place;
  }

  double value(TextScanner& scanner) {
    if (header_.field == Field::pattern) {
      if (!scanner.at_end()) scanner.refuse_here("is too much", "ROW COLUMN, as the field is pattern");
      return 1.0;
    }
    const TextScanner before = scanner;
    const double x = scanner.real("a finite number");
    if (header_.field == Field::integer && x != std::trunc(x)) {
      before.refuse_here("is not whole", "a whole number, as the field is integer");
    }
    if (!scanner.at_end()) scanner.refuse_here("is too much", "one entry a line");
    return x;
  }

  LineReader& lines_;
  const Header& header_;
  Index array_row_;
  Index array_column_ = 0;
};

class MatrixMarketReader final : public DatasetReader {
 public:
  explicit MatrixMarketReader(std::string path) : path_(std::move(path)) {
    LineReader lines(path_);
    header_ = parse_header(lines);
    if (header_.coordinate) entry_counts_.resize(static_cast<std::size_t>(header_.columns));
    EntryScanner(lines, header_).for_each({0, header_.columns}, [&](Index, Index column, double value) {
      if (!header_.coordinate || value == 0.0) return;
      if (++entry_counts_[static_cast<std::size_t>(column)] == 0) {
        lines.refuse_line(fmt::format("is one entry too many of column {}; expected at most {}", column + 1,
                                      std::numeric_limits<EntryCounts::value_type>::max()));
      }
      ++entries_;
    });
  }

  [[nodiscard]] Index rows() const override { return header_.rows; }
  [[nodiscard]] Index columns() const override { return header_.columns; }

  [[nodiscard]] Matrix load(ColumnRange range) const override {
    assert(range.first >= 0 && range.count >= 0 && range.first + range.count <= columns());
    const bool dense = !header_.coordinate || prefers_dense(entries_, rows(), columns());
    LineReader lines(path_);
    const Header now = parse_header(lines);
    if (now.rows != rows() || now.columns != columns()) refuse(path_, "changed while it was read; expected it to stay");
    ColumnAssembler assembler(path_, rows(), range, entry_counts_, dense);
    EntryScanner(lines, now).for_each(range, [&](Index row, Index column, double value) {
      assembler.add(row, column, value);
    });
    return std::move(assembler).finish();
  }

 private:
  std::string path_;
  Header header_;
  Index entries_ = 0;         ///< non-zeros, mirrored ones included
  EntryCounts entry_counts_;  ///< the same by column; empty for an array file
};

}  // namespace

std::unique_ptr<DatasetReader> open_matrix_market(const std::string& path) {
  return std::make_unique<MatrixMarketReader>(path);
}

}  // namespace wolfpack::data
