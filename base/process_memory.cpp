#include "base/process_memory.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

namespace wolfpack {
namespace {

std::string read_whole(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The number that `text` begins with, which it then begins after; 0 where there is none.
std::uint64_t take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

std::uint64_t proc_field_bytes(std::string_view text, std::string_view field) {
  constexpr std::uint64_t kKilobyte = 1024;
  const std::string name = std::string(field) + ':';
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with(name)) continue;
    line.remove_prefix(std::min(line.find_first_not_of(" \t", name.size()), line.size()));
    return take_number(line) * kKilobyte;
  }
  return 0;
}

std::size_t count_of_list(std::string_view list) {
  std::size_t count = 0;
  while (!list.empty() && list.front() >= '0' && list.front() <= '9') {
    const std::uint64_t first = take_number(list);
    std::uint64_t last = first;
    if (list.starts_with('-')) {
      list.remove_prefix(1);
      last = take_number(list);
    }
    if (last >= first) count += last - first + 1;
    if (list.starts_with(',')) list.remove_prefix(1);
  }
  return count;
}

ProcessMemory process_memory() {
  return {proc_field_bytes(read_whole("/proc/self/status"), "VmHWM"),
          proc_field_bytes(read_whole("/proc/self/smaps_rollup"), "AnonHugePages")};
}

std::size_t numa_nodes() {
  return std::max<std::size_t>(1, count_of_list(read_whole("/sys/devices/system/node/online")));
}

}  // namespace wolfpack
