// Comma-separated numbers (.csv) under a header line of column names, which may be quoted ("" is a quote within
// quotes).
//
//     age,"body mass",y
//     59,32.1,151
//
// Blank lines are allowed at the end only. Every column but the target is a feature, in the order of the file.
#pragma once

#include <string>

#include "experiments/data/input_file.hpp"

namespace wolfpack::data {

/// Checks every line. Where `target` names a column, its values are the labels and it is no feature; otherwise it must
/// be the path of a target file, which the caller reads, or empty, where `target_is_optional`. Throws InputError with
/// file and line.
[[nodiscard]] LabelledReader open_csv(const std::string& path, const std::string& target, bool target_is_optional);

}  // namespace wolfpack::data
