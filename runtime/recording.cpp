#include "runtime/recording.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "base/in_quotes.hpp"
#include "base/status.hpp"

namespace wolfpack::runtime {
namespace {

constexpr const char* kFirstLine = "wolfpack-recording 2";
constexpr std::uint64_t kMostWorkers = 1 << 16;
constexpr std::uint64_t kMostKey = std::numeric_limits<std::uint32_t>::max();

bool is_of_a_policy(ps::StopReason reason) {
  return reason == ps::StopReason::converged || reason == ps::StopReason::stalled;
}

/// The words of one line.
class LineReader {
 public:
  LineReader(const std::string& line, std::string where) : words_(line), where_(std::move(where)) { words_ >> kind_; }

  [[nodiscard]] const std::string& kind() const { return kind_; }
  [[nodiscard]] std::string word() {
    std::string text;
    if (!(words_ >> text)) refuse("a word is missing");
    return text;
  }
  [[nodiscard]] std::string rest() {
    std::string text;
    std::getline(words_ >> std::ws, text);
    return text;
  }
  [[nodiscard]] std::uint64_t number(std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    return number(0, most);
  }
  [[nodiscard]] std::uint64_t number(std::uint64_t least, std::uint64_t most) {
    const std::string text = word();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) refuse(in_quotes(text) + " is not a number");
    if (value < least || value > most) refuse(fmt::format("{} is out of range, {} to {}", value, least, most));
    return value;
  }
  [[nodiscard]] bool has_more() { return !(words_ >> std::ws).eof(); }
  void end() {
    std::string text;
    if (words_ >> text) refuse(in_quotes(text) + " is too much");
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw InputError(fmt::format("{}: {}; accepted: what --record wrote", where_, what));
  }

 private:
  std::istringstream words_;
  std::string where_;
  std::string kind_;
};

/// Takes a recording in, line by line.
class Parser {
 public:
  explicit Parser(Recording& recording) : recording_(recording) {}

  void take(LineReader& line) {
    const std::string& kind = line.kind();
    if (kind == "setting") {
      std::string name = line.word();
      recording_.settings.emplace_back(std::move(name), line.rest());
    } else if (kind == "job") {
      take_job(line);
    } else if (recording_.workers() == 0) {
      line.refuse("'job' must come first");
    } else if (kind == "clocks") {
      take_clocks(line);
    } else if (recording_.clocks.empty()) {
      line.refuse("'clocks' must come after 'job'");
    } else if (kind == "read") {
      take_read(line);
    } else if (kind == "fold") {
      take_fold(line);
    } else if (kind == "said") {
      auto& said = recording_.shards[line.number(recording_.shards.size() - 1)].said;
      said = reason(line, ps::StopReason::running);
      if (said != ps::StopReason::running && !is_of_a_policy(said)) line.refuse("no merge policy says that");
    } else if (kind == "stop") {
      recording_.stop = reason(line, ps::StopReason::iterations_done);
    } else {
      line.refuse(in_quotes(kind) + " is no kind of entry");
    }
    line.end();
  }

 private:
  static ps::StopReason reason(LineReader& line, ps::StopReason least) {
    return static_cast<ps::StopReason>(
        line.number(static_cast<std::uint64_t>(least), static_cast<std::uint64_t>(ps::StopReason::interrupted)));
  }
  std::size_t worker(LineReader& line) { return line.number(recording_.workers() - 1); }
  static ps::Key key(LineReader& line) { return {static_cast<std::uint32_t>(line.number(kMostKey))}; }

  void take_job(LineReader& line) {
    if (recording_.workers() != 0) line.refuse("'job' comes once");
    recording_.reads.resize(line.number(1, kMostWorkers));
    recording_.shards.resize(line.number(1, recording_.workers()));
    newest_read_.resize(recording_.workers());
  }
  void take_clocks(LineReader& line) {
    if (!recording_.clocks.empty()) line.refuse("'clocks' comes once");
    for (std::size_t i = 0; i < recording_.workers(); ++i) recording_.clocks.push_back({line.number()});
  }
  void take_read(LineReader& line) {
    const std::size_t i = worker(line);
    ReadRecord read;
    read.clock = {line.number()};
    read.key = key(line);
    read.version = {line.number()};
    read.floor = {line.number()};
    read.own_folded = {line.number()};
    auto& reads = recording_.reads[i];
    if (read.clock >= recording_.clocks[i] || (!reads.empty() && read.clock < reads.back().clock))
      line.refuse(fmt::format("clock {} is out of turn for worker {}", read.clock.value, i));
    if (read.version.value != 0 && read.version < std::exchange(newest_read_[i][read.key], read.version))
      line.refuse(fmt::format("version {} comes after a newer one", read.version.value));
    reads.push_back(read);
  }
  void take_fold(LineReader& line) {
    const std::uint64_t shard = line.number(recording_.shards.size() - 1);
    auto& folds = recording_.shards[shard].folds;
    ps::Fold fold{.clocks = std::vector<std::uint64_t>(recording_.workers()), .published = {}};
    for (std::size_t i = 0; i < fold.clocks.size(); ++i) {
      fold.clocks[i] = line.number();
      if (!folds.empty() && fold.clocks[i] < folds.back().clocks[i]) line.refuse("the fold takes back a clock");
    }
    while (line.has_more()) {
      fold.published.push_back(key(line));
      if (ps::shard_of(fold.published.back(), recording_.shards.size()) != shard)
        line.refuse(fmt::format("row {} is not in shard {}", fold.published.back().value, shard));
    }
    folds.push_back(std::move(fold));
  }

  Recording& recording_;
  std::vector<std::map<ps::Key, Version>> newest_read_;  // by worker
};

/// Makes all reads and folds as a replay does. Any order that there is will do: a worker never reads an older version
/// after a newer one, so making a read early takes no slot from another.
class DryRun {
 public:
  explicit DryRun(const Recording& recording)
      : recording_(recording),
        orders_(recording.workers()),
        next_(recording.workers()),
        folds_made_(recording.shards.size()) {
    for (std::size_t i = 0; i < next_.size(); ++i)
      for (const ReadRecord& read : recording.reads[i]) orders_[i].add(read.key, read.version);
  }

  [[nodiscard]] bool comes_to_the_end() {
    for (bool moves = true; moves;) {
      moves = false;
      for (std::size_t i = 0; i < next_.size(); ++i)
        while (read(i)) moves = true;
      for (std::size_t s = 0; s < folds_made_.size(); ++s)
        while (fold(s)) moves = true;
    }
    bool all = true;
    for (std::size_t i = 0; i < next_.size(); ++i) all = all && next_[i] == recording_.reads[i].size();
    for (std::size_t s = 0; s < folds_made_.size(); ++s)
      all = all && folds_made_[s] == recording_.shards[s].folds.size();
    return all;
  }

 private:
  [[nodiscard]] Version version(ps::Key key) const {
    const auto found = versions_.find(key);
    return found == versions_.end() ? Version{1} : found->second;
  }
  /// The clocks that the worker has ended, where it stands.
  [[nodiscard]] Clock clock(std::size_t worker) const {
    const auto& reads = recording_.reads[worker];
    return next_[worker] == reads.size() ? recording_.clocks[worker] : reads[next_[worker]].clock;
  }
  bool read(std::size_t worker) {
    if (next_[worker] == recording_.reads[worker].size()) return false;
    const ReadRecord& read = recording_.reads[worker][next_[worker]];
    const Version newest = version(read.key);
    if (read.version.value != 0 && (read.version > newest || newest.value >= read.version.value + ps::kRowSlots))
      return false;
    ++next_[worker];
    return true;
  }
  bool fold(std::size_t shard) {
    const auto& folds = recording_.shards[shard].folds;
    if (folds_made_[shard] == folds.size()) return false;
    const ps::Fold& fold = folds[folds_made_[shard]];
    for (std::size_t i = 0; i < next_.size(); ++i) {
      if (clock(i).value < fold.clocks[i]) return false;
      for (const ps::Key key : fold.published)
        if (orders_[i].holds_slot(next_[i], key, version(key))) return false;
    }
    for (const ps::Key key : fold.published) versions_[key] = version(key).next();
    ++folds_made_[shard];
    return true;
  }

  const Recording& recording_;
  std::vector<ps::ReadOrder> orders_;    // by worker
  std::vector<std::size_t> next_;        // by worker: its next read
  std::vector<std::size_t> folds_made_;  // by shard
  std::map<ps::Key, Version> versions_;
};

}  // namespace

std::shared_ptr<const ps::FoldScript> Recording::script(std::uint64_t shard) const {
  auto script = std::make_shared<ps::FoldScript>();
  script->folds = shards[shard].folds;
  script->said = shards[shard].said;
  script->clocks = clocks;
  script->reads.resize(workers());
  for (std::size_t i = 0; i < workers(); ++i)
    for (const ReadRecord& read : reads[i])
      if (ps::shard_of(read.key, shards.size()) == shard) script->reads[i].add(read.key, read.version);
  return script;
}

std::string Recording::to_text() const {
  std::string text = fmt::format("{}\n", kFirstLine);
  const auto line = [&text](const std::string& words) { text.append(words).append("\n"); };
  for (const auto& [name, value] : settings) line(fmt::format("setting {} {}", name, value));
  line(fmt::format("job {} {}", workers(), shards.size()));
  std::string ended = "clocks";
  for (const Clock clock : clocks) ended += fmt::format(" {}", clock.value);
  line(ended);
  for (std::size_t i = 0; i < workers(); ++i)
    for (const ReadRecord& read : reads[i])
      line(fmt::format("read {} {} {} {} {} {}", i, read.clock.value, read.key.value, read.version.value,
                       read.floor.value, read.own_folded.value));
  for (std::size_t s = 0; s < shards.size(); ++s) {
    for (const ps::Fold& fold : shards[s].folds) {
      std::string words = fmt::format("fold {} {}", s, fmt::join(fold.clocks, " "));
      for (const ps::Key key : fold.published) words += fmt::format(" {}", key.value);
      line(words);
    }
    line(fmt::format("said {} {}", s, static_cast<int>(shards[s].said)));
  }
  line(fmt::format("stop {}", static_cast<int>(stop)));
  return text;
}

Recording Recording::from_text(const std::string& text, const std::string& name) {
  Recording recording;
  Parser parser(recording);
  std::istringstream lines(text);
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    LineReader reader(line, fmt::format("{}, line {}", name, number));
    if (number > 1)
      parser.take(reader);
    else if (line != kFirstLine)
      throw InputError(fmt::format("{}, line 1: it is not a recording of a run; accepted: '{}'", name, kFirstLine));
  }
  if (recording.stop == ps::StopReason::running || recording.clocks.empty())
    throw InputError(fmt::format("{}: it ends before the end of the run; accepted: what --record wrote", name));
  const auto says_so = [&](const ShardRecord& shard) { return shard.said == recording.stop; };
  if (is_of_a_policy(recording.stop) && std::none_of(recording.shards.begin(), recording.shards.end(), says_so))
    throw InputError(fmt::format("{}: no merge policy said why it stopped; accepted: what --record wrote", name));
  if (!DryRun(recording).comes_to_the_end())
    throw InputError(
        fmt::format("{}: its reads and folds cannot have been made in any order; accepted: what --record wrote", name));
  return recording;
}

const ReadRecord& ReadReplay::next(Clock clock, ps::Key key) {
  if (next_ == reads_.size() || reads_[next_].clock != clock || reads_[next_].key != key) leave(clock, key);
  return reads_[next_++];
}

void ReadReplay::end(Clock clock) const {
  if (next_ == reads_.size() || reads_[next_].clock > clock) return;
  throw RuntimeFailure(fmt::format("{}: worker {} does not read row {} at clock {}", ps::kLeavesTheRecording,
                                   worker_.value, reads_[next_].key.value, clock.value));
}

void ReadReplay::leave(Clock clock, ps::Key key) const {
  throw RuntimeFailure(fmt::format("{}: worker {} reads row {} at clock {}", ps::kLeavesTheRecording, worker_.value,
                                   key.value, clock.value));
}

}  // namespace wolfpack::runtime
