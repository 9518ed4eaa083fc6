#include "experiments/data/npy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "base/in_quotes.hpp"
#include "experiments/data/input_file.hpp"
#include "experiments/data/npy_header.hpp"
#include "experiments/data/output_file.hpp"

namespace wolfpack::data {
namespace {

static_assert(std::endian::native == std::endian::little, "values of '<f4' and '<f8' are copied as they are");

/// Whether all of data[0 .. count) are finite. No early exit, so that it becomes vector code.
template <class Scalar>
bool all_finite(const Scalar* data, std::size_t count) {
  bool finite = true;
  for (std::size_t i = 0; i < count; ++i) finite &= std::abs(data[i]) <= std::numeric_limits<Scalar>::max();
  return finite;
}

template <class Scalar>
class NpyReader final : public DatasetReader {
 public:
  NpyReader(const InputFile& file, const NpyHeader& header) : path_(file.path()), header_(header) {
    value_bytes_ = check_npy_length(file, header, sizeof(Scalar));
  }

  [[nodiscard]] Index rows() const override { return header_.shape[0]; }
  [[nodiscard]] Index columns() const override { return header_.shape[1]; }

  [[nodiscard]] Matrix load(ColumnRange range) const override {
    assert(range.first >= 0 && range.count >= 0 && range.first + range.count <= columns());
    DenseMatrix<Scalar> matrix{rows(), range.count, LargeArray<Scalar>(static_cast<std::size_t>(rows() * range.count))};
    InputFile file(path_);
    const bool same_length = file.compressed() || file.stored_bytes() == header_.data_offset + value_bytes_;
    if (!same_length || read_npy_header(file).data_offset != header_.data_offset) {
      refuse(path_, "changed while it was read; expected it to stay");
    }
    if (header_.fortran_order) {
      read_columns(file, range, matrix);
    } else {
      read_rows(file, range, matrix);
    }
    if (file.compressed()) check_end(file);
    return matrix;
  }

 private:
  static constexpr Index kBlockBytes = Index{1} << 22;  ///< read at once: stays in the last cache until it is checked

  /// Some rows of the range in C order: row first + k begins at data + k * stride_bytes.
  struct Rows {
    Index first;
    Index count;
    const std::byte* data;
    Index stride_bytes;
  };

  [[nodiscard]] Index column_bytes() const { return rows() * static_cast<Index>(sizeof(Scalar)); }

  /// Straight into the matrix: in Fortran order the range is one run of bytes.
  void read_columns(InputFile& file, ColumnRange range, DenseMatrix<Scalar>& matrix) const {
    const Index block_columns = std::max(kBlockBytes / column_bytes(), Index{1});
    skip(file, range.first * column_bytes());
    for (Index j = 0; j < range.count; j += block_columns) {
      const Index count = std::min(block_columns, range.count - j);
      read(file, matrix.values.data() + j * rows(), count * column_bytes());
      for (Index k = j; k < j + count; ++k) check_column(matrix.values.data() + k * rows(), rows(), range.first + k);
    }
    skip(file, (columns() - range.first - range.count) * column_bytes());
  }

  /// Refuses values that are not finite among the first `count` of column j of the file: the others are not read yet.
  void check_column(const Scalar* column, Index count, Index j) const {
    if (all_finite(column, static_cast<std::size_t>(count))) return;
    const Scalar* bad = std::find_if_not(column, column + count, [](Scalar x) { return std::isfinite(x); });
    refuse(path_, fmt::format("row {}, column {} (from 0) holds {}; expected finite numbers", bad - column, j, *bad));
  }

  /// Transposes by tiles through a small buffer: every line of the source is read once and every line of the matrix
  /// written once, whatever the strides are (powers of two would evict each other).
  void gather(const Rows& source, ColumnRange range, DenseMatrix<Scalar>& matrix) const {
    constexpr Index kTile = 64;
    std::array<Scalar, kTile*(kTile + 1)> tile;
    for (Index j = 0; j < range.count; j += kTile) {
      const Index width = std::min(kTile, range.count - j);
      for (Index i = 0; i < source.count; i += kTile) {
        const Index height = std::min(kTile, source.count - i);
        bool finite = true;
        for (Index r = 0; r < height; ++r) {
          Scalar* row = tile.data() + r * (kTile + 1);
          std::memcpy(row, source.data + (i + r) * source.stride_bytes + j * static_cast<Index>(sizeof(Scalar)),
                      static_cast<std::size_t>(width) * sizeof(Scalar));
          finite &= all_finite(row, static_cast<std::size_t>(width));
        }
        for (Index c = 0; c < width; ++c) {
          Scalar* column = matrix.values.data() + (j + c) * rows() + source.first + i;
          for (Index r = 0; r < height; ++r) column[r] = tile[static_cast<std::size_t>(r * (kTile + 1) + c)];
        }
        if (finite) continue;
        for (Index c = 0; c < width; ++c) {
          check_column(matrix.values.data() + (j + c) * rows(), source.first + i + height, range.first + j + c);
        }
      }
    }
  }

  /// By blocks of rows. What lies between two rows of the range is passed over, or read too where that is quicker.
  void read_rows(InputFile& file, ColumnRange range, DenseMatrix<Scalar>& matrix) const {
    constexpr Index kSize = sizeof(Scalar), kSmallestGap = 1 << 14;
    const Index before = range.first * kSize, wanted = range.count * kSize, row_bytes = columns() * kSize;
    const bool whole = row_bytes - wanted < kSmallestGap;
    const Index stride = whole ? row_bytes : wanted;
    const Index block_rows = std::clamp(kBlockBytes / std::max<Index>(stride, 1), Index{1}, rows());
    std::vector<std::byte> block(static_cast<std::size_t>(block_rows * stride));
    for (Index i = 0; i < rows(); i += block_rows) {
      const Index count = std::min(block_rows, rows() - i);
      if (whole) {
        read(file, block.data(), count * row_bytes);
      } else {
        for (Index r = 0; r < count; ++r) {
          skip(file, before);
          read(file, block.data() + r * wanted, wanted);
          skip(file, row_bytes - before - wanted);
        }
      }
      gather({i, count, block.data() + (whole ? before : 0), stride}, range, matrix);
    }
  }

  void check_end(InputFile& file) const {
    if (char extra = 0; file.read(&extra, 1) != 0) {
      refuse(path_, "goes on after its values; expected a whole .npy file and no more");
    }
  }

  void read(InputFile& file, void* to, Index bytes) const {
    if (file.read(to, static_cast<std::size_t>(bytes)) != static_cast<std::size_t>(bytes)) refuse_short();
  }
  void skip(InputFile& file, Index bytes) const {
    if (file.skip(static_cast<std::uint64_t>(bytes)) != static_cast<std::uint64_t>(bytes)) refuse_short();
  }
  [[noreturn]] void refuse_short() const {
    refuse(path_, fmt::format("ends before its values do; expected {} bytes of them", value_bytes_));
  }

  std::string path_;
  NpyHeader header_;
  std::uint64_t value_bytes_ = 0;
};

template <class Scalar>
void write_matrix(const std::string& path, const DenseView<Scalar>& matrix, std::string_view descr) {
  OutputFile file(path);
  file.write(npy_header(descr, true, {matrix.rows, matrix.columns}));
  for (Index j = 0; j < matrix.columns; ++j) {
    const std::span<const Scalar> column = matrix.column(j);
    file.write(column.data(), column.size_bytes());
  }
  file.commit();
}

}  // namespace

std::unique_ptr<DatasetReader> open_npy(const std::string& path) {
  InputFile file(path);
  const NpyHeader header = read_npy_header(file);
  if (header.shape.size() != 2) {
    refuse(path, fmt::format("its shape is ({}); expected two dimensions, samples x features",
                             fmt::join(header.shape, ", ")));
  }
  const Index rows = header.shape[0], columns = header.shape[1];
  if (std::min(rows, columns) < 1 || std::max(rows, columns) > kLargestDimension) {
    refuse(path,
           fmt::format("its shape is ({}, {}); expected 1 .. {} rows and columns", rows, columns, kLargestDimension));
  }
  if (header.descr == "<f4") return std::make_unique<NpyReader<float>>(file, header);
  if (header.descr == "<f8") return std::make_unique<NpyReader<double>>(file, header);
  refuse(path, fmt::format("its dtype is {}; expected '<f4' or '<f8' (float32 or float64, little-endian)",
                           in_quotes(header.descr)));
}

void write_npy(const std::string& path, const DenseView<float>& matrix) { write_matrix(path, matrix, "<f4"); }
void write_npy(const std::string& path, const DenseView<double>& matrix) { write_matrix(path, matrix, "<f8"); }

void write_npy(const std::string& path, std::span<const double> values) {
  OutputFile file(path);
  file.write(npy_header("<f8", false, {static_cast<Index>(values.size())}));
  file.write(values.data(), values.size_bytes());
  file.commit();
}

}  // namespace wolfpack::data
