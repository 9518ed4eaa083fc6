#include "experiments/data/input_file.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/status.hpp"

namespace wolfpack::data {
namespace {

struct OpenFile {
  FileDescriptor descriptor;
  std::uint64_t bytes;
};

OpenFile open_regular(const std::string& path) {
  // A pipe would block an ordinary open until somebody writes to it; it is refused below.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) refuse(path, fmt::format("cannot be opened: {}; expected a readable file", std::strerror(errno)));
  FileDescriptor descriptor(fd);
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    refuse(path, fmt::format("cannot be examined: {}; expected a readable file", std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) refuse(path, "is a directory; expected a file");
  if (!S_ISREG(status.st_mode)) refuse(path, "is a pipe or a device; expected a regular file, which can be read twice");
  if (status.st_size == 0) refuse(path, "is empty; expected data");
  return {std::move(descriptor), static_cast<std::uint64_t>(status.st_size)};
}

}  // namespace

void refuse(const std::string& file, std::string_view what) { throw InputError(fmt::format("{}: {}", file, what)); }

void refuse(const std::string& file, Index line, std::string_view what) {
  throw InputError(fmt::format("{}:{}: {}", file, line, what));
}

bool has_gzip_name(const std::string& path) { return path.ends_with(".gz") || path.ends_with(".GZ"); }

std::string format_extension(const std::string& path) {
  const std::filesystem::path name = has_gzip_name(path) ? path.substr(0, path.size() - 3) : path;
  std::string extension = name.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

void check_column_count(const std::string& file, Index line, Index columns) {
  constexpr Index kBytesPerColumn = 16;
  constexpr Index kAlwaysAccepted = Index{1} << 22;
  static const Index memory_bytes = Index{::sysconf(_SC_PHYS_PAGES)} * Index{::sysconf(_SC_PAGE_SIZE)};
  if (columns <= kAlwaysAccepted || columns <= memory_bytes / 2 / kBytesPerColumn) return;
  const std::string what = fmt::format(
      "{} columns would fill more than half of this machine's memory even if empty; expected a column "
      "count that fits",
      columns);
  if (line == 0) refuse(file, what);
  refuse(file, line, what);
}

InputFile::InputFile(std::string path) : path_(std::move(path)) {
  OpenFile open = open_regular(path_);
  stored_bytes_ = open.bytes;
  std::array<unsigned char, 2> magic{};
  compressed_ =
      ::pread(open.descriptor.get(), magic.data(), magic.size(), 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
  if (has_gzip_name(path_) && !compressed_) {
    refuse(path_, "does not begin like gzip data; expected it, as the name ends in .gz");
  }
  if (!compressed_) {
    plain_ = std::move(open.descriptor);
    return;
  }
  gzip_.reset(gzdopen(open.descriptor.get(), "rb"));
  if (!gzip_) refuse(path_, "cannot be read: out of memory");
  static_cast<void>(open.descriptor.release());  // zlib closes it from here on
  gzbuffer(gzip_.get(), 1 << 17);
}

std::size_t InputFile::read_plain(char* to, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t got = ::pread(plain_.get(), to + done, bytes - done, static_cast<off_t>(position_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(path_, fmt::format("cannot be read: {}", std::strerror(errno)));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
    position_ += static_cast<std::uint64_t>(got);
  }
  return done;
}

std::size_t InputFile::read(void* destination, std::size_t bytes) {
  constexpr std::size_t kAtOnce = std::size_t{1} << 30;  // zlib counts in int
  auto* to = static_cast<char*>(destination);
  if (!compressed_) return read_plain(to, bytes);
  std::size_t done = 0;
  while (done < bytes) {
    const auto wanted = static_cast<unsigned>(std::min(bytes - done, kAtOnce));
    const int got = gzread(gzip_.get(), to + done, wanted);
    int code = Z_OK;
    const char* message = gzerror(gzip_.get(), &code);
    if (code == Z_ERRNO) refuse(path_, fmt::format("cannot be read: {}", std::strerror(errno)));
    if (got < 0 || code != Z_OK) {
      refuse(path_, fmt::format("its gzip data is damaged or cut off ({}); expected a whole gzip file", message));
    }
    done += static_cast<std::size_t>(got);
    if (static_cast<unsigned>(got) < wanted) break;
  }
  return done;
}

std::uint64_t InputFile::skip(std::uint64_t bytes) {
  if (!compressed_) {
    const std::uint64_t skipped = std::min(bytes, stored_bytes_ - std::min(stored_bytes_, position_));
    position_ += skipped;
    return skipped;
  }
  std::array<char, 1 << 16> scratch;
  std::uint64_t done = 0;
  while (done < bytes) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes - done, scratch.size()));
    const std::size_t got = read(scratch.data(), wanted);
    done += got;
    if (got < wanted) break;
  }
  return done;
}

}  // namespace wolfpack::data
