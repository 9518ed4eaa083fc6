// How things fail.
//
// Set-up and input throw: InputError for what the user can mend (exit status 2), RuntimeFailure for what broke while
// running (exit status 1). The data path returns a [[nodiscard]] Status, which costs nothing where it is ok and keeps
// the library's own code and the failing call where it is not. A programmer's mistake is an InputError where a public
// call can tell, and else an assertion.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace wolfpack {

/// Bad usage or bad input. what() is one line: the file, line or field, what is wrong, what is accepted.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Something failed while running. what() is one line and names who or what failed.
class RuntimeFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Another process of the job failed, or all failed alike: worker 0 says what() for all. Where one is to blame, what()
/// begins with "worker N ".
class PeerFailure : public RuntimeFailure {
 public:
  using RuntimeFailure::RuntimeFailure;
  /// Then it may not be able to say it.
  [[nodiscard]] bool blames_worker_0() const { return std::string(what()).starts_with("worker 0 "); }
};

/// The transport says that a peer is gone. Whether it is, others must say: perhaps only the way to it is broken.
class PeerUnreachable : public RuntimeFailure {
 public:
  using RuntimeFailure::RuntimeFailure;
};

enum class StatusCode { ok, deadline_exceeded, stopped, peer_lost, peer_unreachable, out_of_range, transport_error };

/// The outcome of an operation on the data path.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message)
      : failure_(code == StatusCode::ok ? nullptr
                                        : std::make_shared<const Failure>(Failure{code, std::move(message)})) {}

  [[nodiscard]] bool ok() const { return failure_ == nullptr; }
  [[nodiscard]] StatusCode code() const { return failure_ ? failure_->code : StatusCode::ok; }
  [[nodiscard]] const char* message() const { return failure_ ? failure_->message.c_str() : ""; }

  /// Throws RuntimeFailure, or PeerFailure for peer_lost and PeerUnreachable for peer_unreachable, where the status is
  /// not ok: for callers outside the data path.
  void or_throw() const {
    if (!failure_) return;
    if (failure_->code == StatusCode::peer_lost) throw PeerFailure(failure_->message);
    if (failure_->code == StatusCode::peer_unreachable) throw PeerUnreachable(failure_->message);
    throw RuntimeFailure(failure_->message);
  }

 private:
  struct Failure {
    StatusCode code;
    std::string message;
  };
  std::shared_ptr<const Failure> failure_;
};

}  // namespace wolfpack
