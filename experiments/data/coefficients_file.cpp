#include "experiments/data/coefficients_file.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/in_quotes.hpp"
#include "experiments/data/text.hpp"

namespace wolfpack::data {
namespace {

constexpr Index kMostPoints = 1'000'000;

/// Calls visit(scanner) for every line after the header.
template <class Visit>
void for_each_line(LineReader& lines, const char* header, Visit visit) {
  if (!lines.next() || lines.text() != header)
    refuse(lines.path(), 1, fmt::format("{}; expected the header {}", in_quotes(lines.text()), header));
  while (lines.next()) {
    TextScanner scanner(lines);
    if (!scanner.at_end()) visit(scanner);
  }
}

void take_comma(TextScanner& scanner, const char* expected) {
  if (!scanner.take(',')) scanner.refuse_here("is not a comma", expected);
}

/// The rest of a line: "index,value".
Coefficient coefficient(const LineReader& lines, TextScanner& scanner, const char* expected) {
  Coefficient read;
  read.column = scanner.natural(0, expected, ',');
  take_comma(scanner, expected);
  read.value = scanner.real(expected);
  if (!scanner.at_end()) scanner.refuse_here("is too much", expected);
  read.line = lines.number();
  return read;
}

void put_in_order(const std::string& path, std::vector<Coefficient>& coefficients) {
  std::stable_sort(coefficients.begin(), coefficients.end(),
                   [](const Coefficient& a, const Coefficient& b) { return a.column < b.column; });
  const auto twice =
      std::adjacent_find(coefficients.begin(), coefficients.end(),
                         [](const Coefficient& a, const Coefficient& b) { return a.column == b.column; });
  if (twice == coefficients.end()) return;
  const Coefficient& second = *(twice + 1);
  refuse(path, second.line,
         fmt::format("index {} was in line {} already; expected each once", second.column, twice->line));
}

}  // namespace

std::vector<Coefficient> read_coefficients(const std::string& path) {
  constexpr const char* kExpected = "index,value: a column, from 0, and a finite number";
  std::vector<Coefficient> coefficients;
  LineReader lines(path);
  for_each_line(lines, "index,value",
                [&](TextScanner& scanner) { coefficients.push_back(coefficient(lines, scanner, kExpected)); });
  put_in_order(path, coefficients);
  return coefficients;
}

std::vector<std::vector<Coefficient>> read_path(const std::string& path) {
  constexpr const char* kExpected = "point,index,value: a point and a column, from 0, and a finite number";
  std::vector<std::vector<Coefficient>> points;
  LineReader lines(path);
  for_each_line(lines, "point,index,value", [&](TextScanner& scanner) {
    const Index point = scanner.natural(0, kExpected, ',');
    if (point >= kMostPoints) lines.refuse_line(fmt::format("point {}; expected fewer than {}", point, kMostPoints));
    take_comma(scanner, kExpected);
    if (point >= static_cast<Index>(points.size())) points.resize(static_cast<std::size_t>(point) + 1);
    points[static_cast<std::size_t>(point)].push_back(coefficient(lines, scanner, kExpected));
  });
  for (auto& point : points) put_in_order(path, point);
  return points;
}

}  // namespace wolfpack::data
