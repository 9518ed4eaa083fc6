// svmlight text (.libsvm, .svm): a row a line, "LABEL [qid:N] INDEX:VALUE ...", indices from 1 and strictly increasing.
//
//     -1 3:1 11:0.5   # a comment
//
// Blank lines and comments are skipped, CRLF is tolerated, a bare label is a row of zeros. The number of columns is the
// largest index, also where its value is 0: so a file can end in empty columns. Explicit zeros are not stored.
#pragma once

#include <span>
#include <string>

#include "base/matrix.hpp"
#include "experiments/data/input_file.hpp"

namespace wolfpack::data {

/// Checks every line; the labels are the target. Throws InputError with file and line.
[[nodiscard]] LabelledReader open_svmlight(const std::string& path);

/// Writes `matrix` with `target` (one value a row) as labels, so that reading gives the same bits; gzipped where the
/// name ends in .gz. The file replaces an older one whole. Where the last columns are empty, the first row gets an
/// explicit zero in the last one.
void write_svmlight(const std::string& path, const SparseView<double>& matrix, std::span<const double> target);

}  // namespace wolfpack::data
