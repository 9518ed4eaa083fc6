// A data set on disk: its shape and target first, then any range of its columns.
//
// Rows are samples, columns are features, and features are the atoms. Opening reads what is needed to know the shape
// (and, for text, checks every line once); load() reads one partition. Every worker opens the file itself and keeps
// only its own columns. Formats, each also gzipped (.gz after the name):
//
//   .npy            float32 or float64, two-dimensional, C or Fortran order       npy.hpp
//   .libsvm, .svm   svmlight text; the label is the target                        svmlight.hpp
//   .mtx            Matrix Market, coordinate or array; needs a target            matrix_market.hpp
//   .csv            numbers under a header line; the target may be a column       csv.hpp
//
// Storage: dense where the file is dense (.npy, .csv, array .mtx), float32 only where a .npy holds float32. Sparse text
// becomes CSC in float64, unless more than half of its entries are there: then it becomes dense too, which is smaller
// and faster.
//
//     Dataset data = Dataset::open({.data = "a.npy", .target = "y.npy"});
//     Matrix mine = data.load(partition(data.columns(), worker, workers));
//
// Not thread-safe. Throws InputError: one line with the file, the line or field, what is wrong and what is accepted.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/matrix.hpp"
#include "base/partition.hpp"
#include "base/types.hpp"

namespace wolfpack::data {

struct DatasetFiles {
  std::string data;  ///< path; the extension (before a .gz) says the format, in either case
  std::string
      target;  ///< empty: the labels of svmlight; else a path, or for .csv possibly a column's name, which goes first
  bool target_is_optional = false;  ///< whether data without a target are accepted
};

/// What a reader of one format provides.
class DatasetReader {
 public:
  virtual ~DatasetReader() = default;
  [[nodiscard]] virtual Index rows() const = 0;
  [[nodiscard]] virtual Index columns() const = 0;
  /// Columns `range` as a matrix: float32 only where the file holds float32. The file is read again: it must not change
  /// in between.
  [[nodiscard]] virtual Matrix load(ColumnRange range) const = 0;
};

class Dataset {
 public:
  [[nodiscard]] static Dataset open(const DatasetFiles& files);

  [[nodiscard]] Index rows() const { return reader_->rows(); }
  [[nodiscard]] Index columns() const { return reader_->columns(); }
  /// Whether DatasetFiles::target named a column of a .csv, and not a file.
  [[nodiscard]] bool target_is_a_column() const { return target_is_a_column_; }
  /// y, one value a row, all finite; empty where there is none and none was required.
  [[nodiscard]] const std::vector<double>& target() const { return target_; }
  /// The columns in `range`, all finite. Every range of one data set comes in the same storage. Rethrows what reading
  /// throws.
  [[nodiscard]] Matrix load(ColumnRange range) const { return reader_->load(range); }

 private:
  Dataset(std::unique_ptr<DatasetReader> reader, std::vector<double> target, bool target_is_a_column)
      : reader_(std::move(reader)), target_(std::move(target)), target_is_a_column_(target_is_a_column) {}

  std::unique_ptr<DatasetReader> reader_;
  std::vector<double> target_;
  bool target_is_a_column_;
};

}  // namespace wolfpack::data
