// NumPy arrays (.npy): matrices to load by columns, vectors for targets, and writers of both.
//
// Files are read in blocks of a few megabytes, each checked while it is in cache, and a worker reads its own columns
// only: in Fortran order they are one run of bytes, which goes straight into the matrix; in C order they are gathered
// in tiles from blocks of rows. A gzipped file is inflated from start to end by every load(), which also checks it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/matrix.hpp"
#include "experiments/data/dataset.hpp"

namespace wolfpack::data {

/// A matrix, samples x features, '<f4' or '<f8', C or Fortran order. Reads the header only; load() checks that all
/// values of its range are finite. Throws InputError, for values with row and column counted from 0.
[[nodiscard]] std::unique_ptr<DatasetReader> open_npy(const std::string& path);

/// A vector of shape (n,) or (n, 1): floats, integers or booleans of any size and byte order. Throws InputError.
[[nodiscard]] std::vector<double> read_npy_vector(const std::string& path);

/// Write in Fortran order, gzipped where the name ends in .gz; the file replaces an older one whole.
void write_npy(const std::string& path, const DenseView<float>& matrix);
void write_npy(const std::string& path, const DenseView<double>& matrix);
/// Writes shape (n,).
void write_npy(const std::string& path, std::span<const double> values);

}  // namespace wolfpack::data
