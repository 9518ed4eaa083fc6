// What a command says on standard output: all of it, or an error.
#pragma once

#include <string_view>

namespace wolfpack::experiments {

/// Writes and flushes. Throws RuntimeFailure where standard output cannot be written to (a full disk, a closed stream).
void print_out(std::string_view text);

}  // namespace wolfpack::experiments
