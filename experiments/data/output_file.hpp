// A file that appears whole or not at all: written under a temporary name beside its own, renamed by commit(). Where
// the name is a symbolic link, that stays, and the file it leads to is replaced.
//
//     OutputFile file("instance.libsvm.gz");   // gzipped, as the name ends in .gz
//     file.write("1 1:0.5\n");
//     file.commit();
//
// One thread at a time. Without commit() the destructor removes what was written. Throws InputError where the file
// cannot be created or would replace something else than a file, RuntimeFailure where writing fails later (a full
// disk).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <zlib.h>

namespace wolfpack::data {

class OutputFile {
 public:
  explicit OutputFile(std::string path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// What the constructor throws where the name is that of a folder, a pipe or a device, without making a file.
  static void check_name(const std::string& path) { (void)file_to_replace(path); }

  void write(const void* bytes, std::size_t count);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Closes the file and gives it its name, replacing an older one.
  void commit();

 private:
  static std::string file_to_replace(const std::string& path);
  [[noreturn]] void fail(const char* call);

  std::string path_;  // as it was given
  std::string final_path_;
  std::string temporary_path_;
  gzFile file_ = nullptr;
};

}  // namespace wolfpack::data
