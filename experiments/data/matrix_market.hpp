// Matrix Market (.mtx): "%%MatrixMarket matrix FORMAT FIELD SYMMETRY", comments, a size line, then the entries.
//
// FORMAT is coordinate (ROW COLUMN [VALUE], from 1, any order) or array (a value a line, by columns); FIELD real,
// integer or pattern (every value 1); SYMMETRY general, symmetric or skew-symmetric (only the lower triangle is
// stored). Entries given twice are summed, as SciPy does. Source: Boisvert, Pozo, Remington, "The Matrix Market
// Exchange Formats", NISTIR 5935, 1996.
#pragma once

#include <memory>
#include <string>

#include "experiments/data/dataset.hpp"

namespace wolfpack::data {

/// Checks every line. Throws InputError with file and line.
[[nodiscard]] std::unique_ptr<DatasetReader> open_matrix_market(const std::string& path);

}  // namespace wolfpack::data
