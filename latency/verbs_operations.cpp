#include "latency/verbs_operations.hpp"

#include <cstring>

#include "base/words.hpp"
#include "runtime/agree.hpp"
#include "transport/set_up.hpp"
#include "transport/verbs_endpoint.hpp"

namespace wolfpack::latency {
namespace {

/// The memory of each side: what it puts or reads into, and behind it what the other side reaches.
class OverVerbs : public Operation {
 public:
  OverVerbs(std::uint64_t bytes, Ends& ends, std::unique_ptr<transport::VerbsEndpoint> endpoint)
      : bytes_(bytes), ends_(ends), endpoint_(std::move(endpoint)) {}

  [[nodiscard]] std::string lanes() const override { return endpoint_->description(); }
  void attend() override {
    for (int i = 0; i < kLooks; ++i) ends_.serve();
  }

 protected:
  Status finish() { return endpoint_->wait(ends_.manners().patience_seconds); }

  std::uint64_t bytes_;
  Ends& ends_;
  std::unique_ptr<transport::VerbsEndpoint> endpoint_;
};

class VerbsWrite final : public OverVerbs {
 public:
  using OverVerbs::OverVerbs;
  Status perform(std::uint64_t count) override {
    for (const std::uint64_t end = sequence_ + count; sequence_ < end;) {
      if (Status status = write(++sequence_); !status.ok()) return status;
      Status polled;
      const auto is_back = [&] { return load_word(own_last_word()) == sequence_ || !polled.ok(); };
      const auto meanwhile = [&] {
        polled = endpoint_->poll();
        ends_.serve();
      };
      if (Status status = ends_.await(is_back, meanwhile); !status.ok()) return status;
      if (!polled.ok()) return polled;
    }
    return {};
  }
  void attend() override {
    for (int i = 0; i < kLooks; ++i) {
      if (load_word(own_last_word()) == sequence_ + 1) write(++sequence_).or_throw();
      endpoint_->poll().or_throw();
      ends_.serve();
    }
  }

 private:
  [[nodiscard]] const std::byte* own_last_word() const { return endpoint_->memory().data() + 2 * bytes_ - 8; }
  Status write(std::uint64_t sequence) {
    if (Status status = finish(); !status.ok()) return status;  // of the last one, which has been answered
    std::memcpy(endpoint_->memory().data() + bytes_ - 8, &sequence, sizeof sequence);
    return endpoint_->write({.local_offset = 0, .remote_offset = bytes_, .bytes = bytes_});
  }

  std::uint64_t sequence_ = 0;
};

class VerbsRead final : public OverVerbs {
 public:
  using OverVerbs::OverVerbs;
  Status perform(std::uint64_t count) override {
    for (; count > 0; --count) {
      const transport::VerbsTransfer all{.local_offset = 0, .remote_offset = bytes_, .bytes = bytes_};
      if (Status status = endpoint_->read(all); !status.ok()) return status;
      if (Status status = finish(); !status.ok()) return status;
    }
    return {};
  }
};

class VerbsFetchAdd final : public OverVerbs {
 public:
  using OverVerbs::OverVerbs;
  Status perform(std::uint64_t count) override {
    for (; count > 0; --count) {
      if (Status status = endpoint_->fetch_add({.local_offset = 0, .remote_offset = bytes_, .value = 1}); !status.ok())
        return status;
      if (Status status = finish(); !status.ok()) return status;
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Operation> make_verbs_operation(OperationKind kind, std::uint64_t bytes, const Roles& roles,
                                                transport::Bootstrap& bootstrap, const std::vector<std::string>& names,
                                                Ends& ends) {
  const std::uint32_t peer = roles.initiates() ? roles.targets.front() : roles.initiator;
  std::unique_ptr<transport::VerbsEndpoint> endpoint;
  runtime::agree(bootstrap, [&] {
    if (!roles.takes_part()) return;
    endpoint = std::make_unique<transport::VerbsEndpoint>(transport::checked_rdma_port(), 2 * bytes);
    if (kind == OperationKind::verbs_fetch_add && !endpoint->has_atomics())
      throw InputError("--operation verbs_fetch_add: the RDMA device has no atomics; accepted: the other operations");
  });
  const std::vector<Bytes> addresses = bootstrap.allgather(endpoint ? endpoint->address() : Bytes());
  runtime::agree(bootstrap, [&] {
    if (endpoint) endpoint->connect(addresses[peer], names[peer]);
  });
  if (!endpoint) return nullptr;
  if (kind == OperationKind::verbs_write) return std::make_unique<VerbsWrite>(bytes, ends, std::move(endpoint));
  if (kind == OperationKind::verbs_read) return std::make_unique<VerbsRead>(bytes, ends, std::move(endpoint));
  return std::make_unique<VerbsFetchAdd>(bytes, ends, std::move(endpoint));
}

}  // namespace wolfpack::latency
