// Bad input that one process of a job finds before it has met the others.
#pragma once

#include "base/status.hpp"

namespace wolfpack::transport {

/// Nobody else can tell it for this process.
class CannotJoin : public InputError {
 public:
  using InputError::InputError;
};

}  // namespace wolfpack::transport
