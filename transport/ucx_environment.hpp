// What a program of ours tells UCX by environment variables, because there is no other way: UCX reads them as its
// libraries are loaded, before main(). So whoever starts a worker sets them, or the worker starts itself again.
#pragma once

#include <string>
#include <vector>

namespace wolfpack::transport {

/// "NAME=value", for this machine: only what the environment does not hold yet, which is the user's choice.
[[nodiscard]] std::vector<std::string> ucx_environment();

}  // namespace wolfpack::transport
