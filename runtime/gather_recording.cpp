#include "runtime/gather_recording.hpp"

#include <span>
#include <utility>

#include "base/bytes.hpp"

namespace wolfpack::runtime {
namespace {

template <class T>
void write_array(ByteWriter& writer, const std::vector<T>& values) {
  writer.value<std::uint64_t>(values.size());
  writer.array(std::span<const T>(values));
}

template <class T>
void read_array(ByteReader& reader, std::vector<T>& values) {
  const auto size = reader.value<std::uint64_t>();
  values = reader.array<T>(size);
}

}  // namespace

Recording gather_recording(transport::Bootstrap& bootstrap, std::uint64_t shards, ps::StopReason stop, Clock clock,
                           std::vector<ReadRecord> reads, const ps::Shard* shard) {
  std::erase_if(reads, [&](const ReadRecord& read) { return read.clock >= clock; });  // of one that was cut off
  Bytes mine;
  ByteWriter writer(mine);
  writer.value(clock);
  write_array(writer, reads);
  if (shard != nullptr) {
    writer.value(shard->said());
    writer.value<std::uint64_t>(shard->recorded_folds().size());
    for (const ps::Fold& fold : shard->recorded_folds()) {
      write_array(writer, fold.clocks);
      write_array(writer, fold.published);
    }
  }
  const std::vector<Bytes> all = bootstrap.gather(mine);
  if (bootstrap.rank().value != 0) return {};

  Recording recording;
  recording.stop = stop;
  for (const Bytes& message : all) {
    ByteReader reader(message);
    recording.clocks.push_back(reader.value<Clock>());
    read_array(reader, recording.reads.emplace_back());
    if (recording.shards.size() == shards) continue;
    ShardRecord& record = recording.shards.emplace_back();
    record.said = reader.value<ps::StopReason>();
    record.folds.resize(reader.value<std::uint64_t>());
    for (ps::Fold& fold : record.folds) {
      read_array(reader, fold.clocks);
      read_array(reader, fold.published);
    }
  }
  return recording;
}

}  // namespace wolfpack::runtime
