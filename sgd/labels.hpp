// Classes out of numbers: exactly two distinct values, the larger is +1.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace wolfpack::sgd {

struct Classes {
  double negative = -1.0;  ///< the value that stands for -1
  double positive = 1.0;   ///< the larger one
};

/// The two values that `target` takes. Throws InputError with the values seen where they are not two; `source` (a file)
/// begins its text.
[[nodiscard]] Classes find_classes(std::span<const double> target, const std::string& source);

/// +1 and -1. Throws InputError where a value is of neither class.
[[nodiscard]] std::vector<double> to_labels(std::span<const double> target, const Classes& classes,
                                            const std::string& source);

}  // namespace wolfpack::sgd
