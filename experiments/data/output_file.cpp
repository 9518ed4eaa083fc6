#include "experiments/data/output_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/in_quotes.hpp"
#include "base/status.hpp"
#include "experiments/data/input_file.hpp"

namespace wolfpack::data {

std::string OutputFile::file_to_replace(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int kMostLinks = 40;  // as many as Linux follows
  constexpr const char* kExpected = "expected a regular file, or a name that is free";
  if (path.empty()) refuse(in_quotes(path), "is no name of a file; expected one");
  fs::path file = path;
  std::error_code error;
  for (int links = 0; fs::is_symlink(fs::symlink_status(file, error)); ++links) {
    const fs::path target = fs::read_symlink(file, error);
    if (error || links == kMostLinks) refuse(path, fmt::format("is a symbolic link that leads nowhere; {}", kExpected));
    file = file.parent_path() / target;  // an absolute one stands for itself
  }
  const fs::file_status status = fs::status(file, error);
  if (fs::is_directory(status)) refuse(path, fmt::format("is a directory; {}", kExpected));
  if (fs::exists(status) && !fs::is_regular_file(status))
    refuse(path, fmt::format("is a pipe, a socket or a device; {}", kExpected));
  return file.string();
}

OutputFile::OutputFile(std::string path)
    : path_(std::move(path)),
      final_path_(file_to_replace(path_)),
      temporary_path_(fmt::format("{}.tmp.{}", final_path_, ::getpid())) {
  const int fd = ::open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    throw InputError(
        fmt::format("{}: cannot be created: {}; expected a path in a writable folder", path_, std::strerror(errno)));
  }
  file_ = gzdopen(fd, has_gzip_name(path_) ? "wb" : "wbT");  // T: as it is, without compression
  if (file_ == nullptr) {
    ::close(fd);
    std::remove(temporary_path_.c_str());
    throw RuntimeFailure(fmt::format("{}: cannot be written: out of memory", path_));
  }
}

OutputFile::~OutputFile() {
  if (file_ == nullptr) return;
  gzclose_w(file_);
  std::remove(temporary_path_.c_str());
}

void OutputFile::fail(const char* call) {
  const std::string reason = std::strerror(errno);
  std::remove(temporary_path_.c_str());
  throw RuntimeFailure(fmt::format("{}: {} failed: {}", path_, call, reason));
}

void OutputFile::write(const void* bytes, std::size_t count) {
  constexpr std::size_t kAtOnce = std::size_t{1} << 30;  // zlib counts in int
  const auto* from = static_cast<const char*>(bytes);
  while (count > 0) {
    const auto part = static_cast<unsigned>(std::min(count, kAtOnce));
    if (gzwrite(file_, from, part) != static_cast<int>(part)) fail("write");
    from += part;
    count -= part;
  }
}

void OutputFile::commit() {
  if (gzclose_w(std::exchange(file_, nullptr)) != Z_OK) fail("close");
  if (std::rename(temporary_path_.c_str(), final_path_.c_str()) != 0) fail("rename");
}

}  // namespace wolfpack::data
