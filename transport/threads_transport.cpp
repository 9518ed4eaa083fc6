#include "transport/threads_transport.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <vector>

#include "base/bytes.hpp"
#include "base/words.hpp"

namespace wolfpack::transport {
namespace {

constexpr std::size_t kPageBytes = 4096;

struct Descriptor {
  std::byte* address;
  std::uint64_t size_bytes;
};

class ThreadsRegion final : public Region {
 public:
  explicit ThreadsRegion(std::size_t size_bytes)
      : size_bytes_(size_bytes),
        memory_(static_cast<std::byte*>(std::aligned_alloc(kPageBytes, (size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes)),
                &std::free) {
    if (!memory_) throw RuntimeFailure(fmt::format("no memory for a region of {} bytes", size_bytes));
    std::memset(memory_.get(), 0, size_bytes);
  }
  [[nodiscard]] std::span<std::byte> bytes() const override { return {memory_.get(), size_bytes_}; }
  [[nodiscard]] MemoryKind kind() const override { return MemoryKind::host; }
  [[nodiscard]] Bytes descriptor() const override {
    Bytes out;
    ByteWriter(out).value(Descriptor{memory_.get(), size_bytes_});
    return out;
  }

 private:
  std::size_t size_bytes_;
  std::unique_ptr<std::byte, decltype(&std::free)> memory_;
};

class ThreadsChannel final : public Channel {
 public:
  PeerIndex connect(std::span<const std::byte>) override { return {peers_++}; }

  RemoteRegion open(PeerIndex peer, std::span<const std::byte> descriptor) override {
    const auto region = ByteReader(descriptor).value<Descriptor>();
    regions_.push_back(region.address);
    return {peer, static_cast<std::uint32_t>(regions_.size() - 1), region.size_bytes};
  }

  Status put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source, Completion&) override {
    if (!fits(to, offset, source.size())) return past_the_end(to, offset, source.size());
    store_shared(regions_[to.index] + offset, source);
    return {};
  }
  Status get(const RemoteRegion& from, std::uint64_t offset, std::span<std::byte> destination, Completion&) override {
    if (!fits(from, offset, destination.size())) return past_the_end(from, offset, destination.size());
    load_shared(destination, regions_[from.index] + offset);
    return {};
  }
  Status ordered_put(const RemoteRegion& to, std::uint64_t offset, std::span<const std::byte> source,
                     Completion& done) override {
    return put(to, offset, source, done);
  }
  Status flush(PeerIndex, Completion&) override { return {}; }
  void progress() override {}
  [[nodiscard]] std::string lanes(PeerIndex) const override { return "threads"; }

 private:
  static bool fits(const RemoteRegion& region, std::uint64_t offset, std::size_t size) {
    return offset <= region.size_bytes && size <= region.size_bytes - offset;
  }
  static Status past_the_end(const RemoteRegion& region, std::uint64_t offset, std::size_t size) {
    return {StatusCode::out_of_range,
            fmt::format("{} bytes at offset {} do not fit a region of {} bytes", size, offset, region.size_bytes)};
  }

  std::uint32_t peers_ = 0;
  std::vector<std::byte*> regions_;
};

class ThreadsTransport final : public Transport {
 public:
  [[nodiscard]] std::unique_ptr<Region> allocate(std::size_t size_bytes, MemoryKind kind) override {
    if (kind != MemoryKind::host) throw RuntimeFailure("the transport between threads registers host memory only");
    return std::make_unique<ThreadsRegion>(size_bytes);
  }
  [[nodiscard]] std::unique_ptr<Channel> open_channel() override { return std::make_unique<ThreadsChannel>(); }
  [[nodiscard]] Bytes address() const override { return {}; }
  void serve() override {}
  [[nodiscard]] std::string name() const override { return "threads"; }
  [[nodiscard]] std::string library() const override { return "none"; }
};

}  // namespace

std::unique_ptr<Transport> make_threads_transport() { return std::make_unique<ThreadsTransport>(); }

}  // namespace wolfpack::transport
