#include "transport/threads_transport.hpp"

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "base/words.hpp"

namespace wolfpack::transport {
namespace {

constexpr std::size_t kPageBytes = 4096;

struct Memory {
  explicit Memory(std::size_t size)
      : size_bytes(size),
        bytes(
            static_cast<std::byte*>(std::aligned_alloc(kPageBytes, (size + kPageBytes - 1) / kPageBytes * kPageBytes)),
            &std::free) {
    if (!bytes) throw RuntimeFailure(fmt::format("no memory for a region of {} bytes", size));
    std::memset(bytes.get(), 0, size);
  }
  std::size_t size_bytes;
  std::unique_ptr<std::byte, decltype(&std::free)> bytes;
};

/// The regions of this process, by the number that their descriptors carry. Who opens one keeps its memory, as a
/// mapping of shared memory does: a thread that ends early takes nothing away from under those that still beat or put.
class Registry {
 public:
  std::uint64_t add(const std::shared_ptr<Memory>& memory) {
    const std::lock_guard lock(mutex_);
    regions_[++last_] = memory;
    return last_;
  }
  void remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    regions_.erase(number);
  }
  std::shared_ptr<Memory> find(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = regions_.find(number);
    auto memory = found == regions_.end() ? nullptr : found->second.lock();
    if (!memory) throw RuntimeFailure("a peer's region is gone");
    return memory;
  }

 private:
  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::weak_ptr<Memory>> regions_;
};

Registry& registry() {
  static Registry the_registry;
  return the_registry;
}

class ThreadsRegion final : public Region {
 public:
  explicit ThreadsRegion(std::size_t size_bytes)
      : memory_(std::make_shared<Memory>(size_bytes)), number_(registry().add(memory_)) {}
  ThreadsRegion(const ThreadsRegion&) = delete;
  ThreadsRegion& operator=(const ThreadsRegion&) = delete;
  ~ThreadsRegion() override { registry().remove(number_); }

  [[nodiscard]] std::span<std::byte> bytes() const override { return {memory_->bytes.get(), memory_->size_bytes}; }
  [[nodiscard]] MemoryKind kind() const override { return MemoryKind::host; }
  [[nodiscard]] Bytes descriptor() const override {
    Bytes out;
    ByteWriter(out).value(number_);
    return out;
  }

 private:
  std::shared_ptr<Memory> memory_;
  std::uint64_t number_;
};

class ThreadsChannel final : public Channel {
 public:
  PeerIndex connect(std::span<const std::byte>, const std::string&) override { return {peers_++}; }

  RemoteRegion open(PeerIndex peer, std::span<const std::byte> descriptor) override {
    regions_.push_back(registry().find(ByteReader(descriptor).value<std::uint64_t>()));
    return {peer, static_cast<std::uint32_t>(regions_.size() - 1), regions_.back()->size_bytes};
  }

  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source, Completion&) override {
    if (!to.holds(offset, source.size())) return past_the_end(to, offset, source.size());
    store_shared(regions_[to.index]->bytes.get() + offset, source);
    return {};
  }
  Status get(const RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination, Completion&) override {
    if (!from.holds(offset, destination.size())) return past_the_end(from, offset, destination.size());
    load_shared(destination, regions_[from.index]->bytes.get() + offset);
    return {};
  }
  Status ordered_put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     Completion& done) override {
    return put(to, offset, source, done);
  }
  Status fetch_add(const RemoteRegion& to, std::uint64_t offset, std::uint64_t value, std::uint64_t& before,
                   Completion&) override {
    if (!to.holds(offset, sizeof value)) return past_the_end(to, offset, sizeof value);
    before = add_to_word(regions_[to.index]->bytes.get() + offset, value);
    return {};
  }
  Status flush(PeerIndex, Completion&) override { return {}; }
  void progress() override {}
  [[nodiscard]] std::string lanes(PeerIndex) const override { return "threads"; }

 private:
  std::uint32_t peers_ = 0;
  std::vector<std::shared_ptr<Memory>> regions_;
};

class ThreadsTransport final : public Transport {
 public:
  [[nodiscard]] std::unique_ptr<Region> allocate(std::size_t size_bytes, MemoryKind kind) override {
    if (kind != MemoryKind::host) throw RuntimeFailure("the transport between threads registers host memory only");
    return std::make_unique<ThreadsRegion>(size_bytes);
  }
  [[nodiscard]] std::unique_ptr<Channel> open_channel() override { return std::make_unique<ThreadsChannel>(); }
  [[nodiscard]] Bytes address() const override { return {}; }
  bool serve() override { return false; }
  void wait_for_requests(double seconds) override { sleep_seconds(seconds); }
  [[nodiscard]] std::string name() const override { return "threads"; }
  [[nodiscard]] std::string library() const override { return "none"; }
};

}  // namespace

std::unique_ptr<Transport> make_threads_transport() { return std::make_unique<ThreadsTransport>(); }

}  // namespace wolfpack::transport
