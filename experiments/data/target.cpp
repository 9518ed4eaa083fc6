#include "experiments/data/target.hpp"

#include "experiments/data/npy.hpp"
#include "experiments/data/text.hpp"

namespace wolfpack::data {
namespace {

std::vector<double> read_text_target(const std::string& path) {
  constexpr const char* kExpected = "one finite number a line";
  std::vector<double> target;
  Index blank_line = 0;
  for (LineReader lines(path); lines.next();) {
    TextScanner whole(lines), scanner(lines, '#');
    if (scanner.at_end()) {
      if (blank_line == 0 && whole.at_end()) blank_line = lines.number();
      continue;
    }
    if (blank_line != 0) {
      refuse(path, blank_line, "is blank but not at the end of the file; expected one finite number a line");
    }
    target.push_back(scanner.real(kExpected));
    if (!scanner.at_end()) scanner.refuse_here("is too much", kExpected);
  }
  if (target.empty()) refuse(path, "holds no number; expected one finite number a line");
  return target;
}

}  // namespace

std::vector<double> read_target(const std::string& path) {
  return format_extension(path) == ".npy" ? read_npy_vector(path) : read_text_target(path);
}

}  // namespace wolfpack::data
