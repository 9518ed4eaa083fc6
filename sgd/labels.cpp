#include "sgd/labels.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "base/status.hpp"

namespace wolfpack::sgd {
namespace {
constexpr std::size_t kShown = 5;
}

Classes find_classes(std::span<const double> target, const std::string& source) {
  std::set<double> values;
  for (const double value : target) {
    values.insert(value);
    if (values.size() > kShown) break;
  }
  if (values.size() == 2) return {*values.begin(), *values.rbegin()};
  const bool more = values.size() > kShown;
  if (more) values.erase(std::prev(values.end()));
  throw InputError(fmt::format("{}: the labels are {}{}; accepted: exactly two distinct values, the larger one is +1",
                               source, values.empty() ? "none" : fmt::format("{}", fmt::join(values, ", ")),
                               more                 ? ", ..."
                               : values.size() == 1 ? " only"
                                                    : ""));
}

std::vector<double> to_labels(std::span<const double> target, const Classes& classes, const std::string& source) {
  std::vector<double> labels;
  labels.reserve(target.size());
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] != classes.negative && target[i] != classes.positive)
      throw InputError(fmt::format("{}: the label of sample {} is {}; accepted: {} and {}, the training data's", source,
                                   i + 1, target[i], classes.negative, classes.positive));
    labels.push_back(target[i] == classes.positive ? 1.0 : -1.0);
  }
  return labels;
}

}  // namespace wolfpack::sgd
