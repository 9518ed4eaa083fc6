#include "experiments/data/svmlight.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "experiments/data/column_assembler.hpp"
#include "experiments/data/output_file.hpp"
#include "experiments/data/text.hpp"

namespace wolfpack::data {
namespace {

constexpr const char* kRow = "LABEL INDEX:VALUE ... with finite numbers and increasing indices from 1";

struct Entry {
  Index column;  ///< from 0
  double value;
};

struct Row {
  double label = 0.0;
  std::vector<Entry> entries;
};

/// Reads the line that `lines` stands on into `row`; false where the line holds none.
bool parse_row(const LineReader& lines, Row& row) {
  TextScanner scanner(lines, '#');
  if (scanner.at_end()) return false;
  row.label = scanner.real(kRow);
  row.entries.clear();
  if (!scanner.at_end() && scanner.take_exactly("qid:")) static_cast<void>(scanner.word());
  Index previous = 0;
  while (!scanner.at_end()) {
    const TextScanner before = scanner;
    const Index index = scanner.natural(1, kRow, ':');
    if (index <= previous) before.refuse_here(fmt::format("follows index {}", previous), kRow);
    if (!scanner.take_exactly(":")) before.refuse_here("has no value", kRow);
    row.entries.push_back({index - 1, scanner.real(kRow)});
    previous = index;
  }
  return true;
}

/// Reads the entries in `range` of the line that `lines` stands on; false where the line holds no row. scan() has
/// checked it: what lies outside of the range is passed over.
bool parse_entries(const LineReader& lines, ColumnRange range, std::vector<Entry>& entries) {
  TextScanner scanner(lines, '#');
  if (scanner.at_end()) return false;
  static_cast<void>(scanner.word());  // the label
  if (!scanner.at_end() && scanner.take_exactly("qid:")) static_cast<void>(scanner.word());
  entries.clear();
  while (!scanner.at_end()) {
    const Index column = scanner.natural(1, kRow, ':') - 1;
    if (column >= range.first + range.count) break;
    if (column < range.first) {
      static_cast<void>(scanner.word());
      continue;
    }
    if (!scanner.take_exactly(":")) scanner.refuse_here("has no value", kRow);
    entries.push_back({column, scanner.real(kRow)});
  }
  return true;
}

class SvmlightReader final : public DatasetReader {
 public:
  explicit SvmlightReader(std::string path) : path_(std::move(path)) {}

  /// Reads the whole file once and returns the labels.
  std::vector<double> scan();

  [[nodiscard]] Index rows() const override { return rows_; }
  [[nodiscard]] Index columns() const override { return static_cast<Index>(entry_counts_.size()); }
  [[nodiscard]] Matrix load(ColumnRange range) const override;

 private:
  std::string path_;
  Index rows_ = 0;
  Index entries_ = 0;
  EntryCounts entry_counts_;  ///< non-zeros of each column
};

std::vector<double> SvmlightReader::scan() {
  std::vector<double> labels;
  LineReader lines(path_);
  for (Row row; lines.next();) {
    if (!parse_row(lines, row)) continue;
    labels.push_back(row.label);
    if (row.entries.empty()) continue;
    if (const Index columns = row.entries.back().column + 1; columns > this->columns()) {
      check_column_count(path_, lines.number(), columns);
      entry_counts_.resize(static_cast<std::size_t>(columns));
    }
    for (const Entry& entry : row.entries) {
      if (entry.value == 0.0) continue;
      ++entry_counts_[static_cast<std::size_t>(entry.column)];
      ++entries_;
    }
  }
  rows_ = static_cast<Index>(labels.size());
  if (rows_ == 0) refuse(path_, fmt::format("holds no row; expected lines {}", kRow));
  if (rows_ > kLargestDimension) {
    refuse(path_, fmt::format("holds {} rows; expected at most {}", rows_, kLargestDimension));
  }
  if (columns() == 0) refuse(path_, fmt::format("holds labels but no column; expected lines {}", kRow));
  return labels;
}

Matrix SvmlightReader::load(ColumnRange range) const {
  assert(range.first >= 0 && range.count >= 0 && range.first + range.count <= columns());
  ColumnAssembler assembler(path_, rows_, range, entry_counts_, prefers_dense(entries_, rows_, columns()));
  LineReader lines(path_);
  std::vector<Entry> entries;
  for (Index i = 0; i < rows_ && lines.next();) {
    if (!parse_entries(lines, range, entries)) continue;
    // After the line, not within it: so the many cache misses of placing overlap.
    for (const Entry& entry : entries) assembler.add(i, entry.column, entry.value);
    ++i;
  }
  return std::move(assembler).finish();
}

void append(std::string& text, double value) {
  char digits[32];
  const auto [end, error] =
      std::to_chars(digits, digits + sizeof digits, value);  // the fewest that read back as the same bits
  assert(error == std::errc());
  text.append(digits, end);
}

/// The same entries by row: starts[i] .. starts[i + 1] of `entries` are row i, columns increasing.
struct Rows {
  std::vector<Index> starts;
  std::vector<Entry> entries;
};

Rows by_rows(const SparseView<double>& matrix) {
  Rows rows{std::vector<Index>(static_cast<std::size_t>(matrix.rows) + 1), std::vector<Entry>(matrix.values.size())};
  for (const auto row : matrix.row_indices) ++rows.starts[static_cast<std::size_t>(row) + 1];
  for (std::size_t i = 1; i < rows.starts.size(); ++i) rows.starts[i] += rows.starts[i - 1];
  std::vector<Index> next = rows.starts;
  for (std::size_t j = 0; j < static_cast<std::size_t>(matrix.columns); ++j) {
    for (auto k = static_cast<std::size_t>(matrix.column_starts[j]);
         k < static_cast<std::size_t>(matrix.column_starts[j + 1]); ++k) {
      const Index at = next[static_cast<std::size_t>(matrix.row_indices[k])]++;
      rows.entries[static_cast<std::size_t>(at)] = {static_cast<Index>(j), matrix.values[k]};
    }
  }
  return rows;
}

}  // namespace

LabelledReader open_svmlight(const std::string& path) {
  auto reader = std::make_unique<SvmlightReader>(path);
  std::vector<double> labels = reader->scan();
  return {.reader = std::move(reader), .labels = std::move(labels)};
}

void write_svmlight(const std::string& path, const SparseView<double>& matrix, std::span<const double> target) {
  assert(static_cast<Index>(target.size()) == matrix.rows);
  const Rows rows = by_rows(matrix);
  const bool last_column_empty =
      matrix.column_starts[static_cast<std::size_t>(matrix.columns) - 1] == matrix.column_starts.back();
  OutputFile file(path);
  std::string text;
  for (std::size_t i = 0; i < target.size(); ++i) {
    text.clear();
    append(text, target[i]);
    for (auto k = static_cast<std::size_t>(rows.starts[i]); k < static_cast<std::size_t>(rows.starts[i + 1]); ++k) {
      text += fmt::format(" {}:", rows.entries[k].column + 1);
      append(text, rows.entries[k].value);
    }
    if (i == 0 && last_column_empty) text += fmt::format(" {}:0", matrix.columns);
    text += '\n';
    file.write(text);
  }
  file.commit();
}

}  // namespace wolfpack::data
