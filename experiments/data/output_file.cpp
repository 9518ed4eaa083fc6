#include "experiments/data/output_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/status.hpp"

namespace wolfpack::data {

OutputFile::OutputFile(std::string path)
    : path_(std::move(path)), temporary_path_(fmt::format("{}.tmp.{}", path_, ::getpid())) {
  const int fd = ::open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    throw InputError(
        fmt::format("{}: cannot be created: {}; expected a path in a writable folder", path_, std::strerror(errno)));
  }
  file_ = gzdopen(fd, path_.ends_with(".gz") ? "wb" : "wbT");  // T: as it is, without compression
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
  if (std::rename(temporary_path_.c_str(), path_.c_str()) != 0) fail("rename");
}

}  // namespace wolfpack::data
