// Files to read from, plain or gzipped, and the wording of what is wrong with them.
//
// A file is inflated where its bytes begin like gzip, whatever its name; a name ending in .gz whose bytes do not is
// refused. Only regular files are read, since most readers read twice.
//
//     InputFile file("a.npy.gz");
//     if (file.read(header, sizeof header) < sizeof header) refuse(file.path(), "ends within its header; expected a
//     .npy file");
//
// One thread at a time. Throws InputError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

#include "base/file_descriptor.hpp"
#include "base/types.hpp"
#include "experiments/data/dataset.hpp"

namespace wolfpack::data {

/// The largest number of rows or columns read from a file: row indices are stored as int32.
inline constexpr Index kLargestDimension = 2147483647;

/// A reader, and the target that came out of the same file, if one did.
struct LabelledReader {
  std::unique_ptr<DatasetReader> reader;
  std::vector<double> labels;
  bool target_is_a_column = false;  ///< --target named a column of the file
};

/// Throws InputError "FILE: WHAT", or "FILE:LINE: WHAT" with lines counted from 1.
[[noreturn]] void refuse(const std::string& file, std::string_view what);
[[noreturn]] void refuse(const std::string& file, Index line, std::string_view what);

/// Whether a name ends in .gz, in either case.
[[nodiscard]] bool has_gzip_name(const std::string& path);

/// The extension in lower case, without a .gz after it: ".npy" for "A.NPY.gz". Empty where there is none.
[[nodiscard]] std::string format_extension(const std::string& path);

/// Refuses a matrix whose column counts alone, 16 bytes a column, would fill half of this machine's memory: a wrong
/// number in the file. `line` 0 means: no particular line.
void check_column_count(const std::string& file, Index line, Index columns);

class InputFile {
 public:
  /// Opens; refuses what is absent, a directory, unreadable or empty.
  explicit InputFile(std::string path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool compressed() const { return compressed_; }
  /// Size on disk.
  [[nodiscard]] std::uint64_t stored_bytes() const { return stored_bytes_; }

  /// Reads up to `bytes`; fewer only at the end of the file. Refuses damaged or cut-off gzip data.
  std::size_t read(void* destination, std::size_t bytes);
  /// Passes over up to `bytes`; returns how many there were. Costs nothing in a plain file.
  std::uint64_t skip(std::uint64_t bytes);

 private:
  struct Close {
    void operator()(gzFile file) const { gzclose_r(file); }
  };

  std::size_t read_plain(char* to, std::size_t bytes);

  std::string path_;
  bool compressed_ = false;
  std::uint64_t stored_bytes_ = 0;
  FileDescriptor plain_;                     ///< where not compressed
  std::uint64_t position_ = 0;               ///< the same
  std::unique_ptr<gzFile_s, Close> gzip_{};  ///< where compressed
};

}  // namespace wolfpack::data
