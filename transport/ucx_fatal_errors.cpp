#include "transport/ucx_fatal_errors.hpp"

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include <fmt/format.h>

#include "base/time.hpp"
#include "transport/local_bootstrap.hpp"
#include "transport/pmix_bootstrap.hpp"

namespace wolfpack::transport::ucx {
namespace {

/// As the environment says when it is asked first.
std::optional<WorkerId> speaker() {
  static const auto membership = LocalBootstrap::Membership::from_environment();
  static const auto rank = membership ? std::optional(membership->rank) : pmix_rank();
  return rank;
}

[[noreturn]] void give_up(const char* file, unsigned line, const char* message) {
  static std::atomic_flag is_told;
  while (is_told.test_and_set()) pause();  // another thread tells its own, and ends the process
  sleep_seconds(kFatalErrorWaitsSeconds);
  const std::string text = fatal_error_line(speaker(), file, line, message == nullptr ? "" : message);
  (void)!write(STDERR_FILENO, text.data(), text.size());
  std::abort();
}

}  // namespace

void tell_fatal_errors() { (void)speaker(); }

std::string fatal_error_line(std::optional<WorkerId> worker, std::string_view file, unsigned line,
                             std::string_view message) {
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  std::string text = fmt::format("wolfpack: {}UCX failed: {} ({}:{})",
                                 worker ? fmt::format("worker {}: ", worker->value) : "", message, file, line);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text + '\n';
}

}  // namespace wolfpack::transport::ucx

// UCX's libraries call these two by name wherever they give up (ucs/debug/assert.h, which is not installed; unchanged
// since 1.13), and a name of the program's goes before a library's. No log handler sees such an error. Weak, so
// that they are no second definition where UCX is linked as an archive.
extern "C" {

[[noreturn, gnu::weak, gnu::visibility("default")]] void ucs_fatal_error_message(const char* file, unsigned line,
                                                                                 const char* /*function*/,
                                                                                 const char* message) {
  wolfpack::transport::ucx::give_up(file, line, message);
}

[[noreturn, gnu::weak, gnu::visibility("default"), gnu::format(printf, 4, 5)]] void ucs_fatal_error_format(
    const char* file, unsigned line, const char* /*function*/, const char* format, ...) {
  char message[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  wolfpack::transport::ucx::give_up(file, line, message);
}

}  // extern "C"
