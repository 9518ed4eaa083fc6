#include "runtime/recording.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "base/status.hpp"

namespace wolfpack::runtime {
namespace {

constexpr const char* kFirstLine = "wolfpack-recording 2";
constexpr std::uint64_t kMostWorkers = 1 << 20;
constexpr std::uint64_t kMostKey = std::numeric_limits<std::uint32_t>::max();

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
    if (error != std::errc() || end != text.data() + text.size()) refuse(fmt::format("\"{}\" is not a number", text));
    if (value < least || value > most) refuse(fmt::format("{} is out of range, {} to {}", value, least, most));
    return value;
  }
  [[nodiscard]] bool has_more() { return !(words_ >> std::ws).eof(); }
  void end() {
    std::string text;
    if (words_ >> text) refuse(fmt::format("\"{}\" is too much", text));
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw InputError(fmt::format("{}: {}; accepted: what --record wrote", where_, what));
  }

 private:
  std::istringstream words_;
  std::string where_;
  std::string kind_;
};

ps::StopReason read_reason(LineReader& line) {
  return static_cast<ps::StopReason>(line.number(static_cast<std::uint64_t>(ps::StopReason::failed)));
}

ReadRecord read_read(LineReader& line) {
  ReadRecord read;
  read.clock = {line.number()};
  read.key = {static_cast<std::uint32_t>(line.number(kMostKey))};
  read.version = {line.number()};
  read.floor = {line.number()};
  read.own_folded = {line.number()};
  return read;
}

void read_fold(LineReader& line, Recording& recording) {
  auto& folds = recording.shards[line.number(recording.shards.size() - 1)].folds;
  ps::Fold fold{.clocks = std::vector<std::uint64_t>(recording.workers()), .published = {}};
  for (std::size_t i = 0; i < fold.clocks.size(); ++i) {
    fold.clocks[i] = line.number();
    if (!folds.empty() && fold.clocks[i] < folds.back().clocks[i]) line.refuse("the fold takes back a clock");
  }
  while (line.has_more()) fold.published.push_back({static_cast<std::uint32_t>(line.number(kMostKey))});
  folds.push_back(std::move(fold));
}

void read_line(LineReader& line, Recording& recording) {
  const std::string& kind = line.kind();
  const bool has_job = recording.workers() != 0;
  if (kind == "setting") {
    std::string name = line.word();
    recording.settings.emplace_back(std::move(name), line.rest());
  } else if (kind == "job") {
    if (has_job) line.refuse("\"job\" comes once");
    recording.reads.resize(line.number(1, kMostWorkers));
    recording.clocks.resize(recording.workers());
    recording.shards.resize(line.number(1, recording.workers()));
  } else if (!has_job) {
    line.refuse("\"job\" must come first");
  } else if (kind == "clocks") {
    for (Clock& clock : recording.clocks) clock = {line.number()};
  } else if (kind == "read") {
    auto& reads = recording.reads[line.number(recording.workers() - 1)];
    reads.push_back(read_read(line));
  } else if (kind == "fold") {
    read_fold(line, recording);
  } else if (kind == "said") {
    auto& said = recording.shards[line.number(recording.shards.size() - 1)].said;
    said = read_reason(line);
  } else if (kind == "stop") {
    recording.stop = read_reason(line);
  } else {
    line.refuse(fmt::format("\"{}\" is no kind of entry", kind));
  }
  line.end();
}

/// Makes all reads and folds as a replay does, in any order that there is.
class DryRun {
 public:
  explicit DryRun(const Recording& recording)
      : recording_(recording), next_(recording.workers()), folds_made_(recording.shards.size()) {
    for (std::uint64_t s = 0; s < recording.shards.size(); ++s) scripts_.push_back(recording.script(s));
    reads_made_.assign(scripts_.size(), std::vector<std::uint64_t>(recording.workers()));
  }

  [[nodiscard]] bool comes_to_the_end() {
    for (bool moves = true; moves;) {
      moves = false;
      for (std::uint32_t i = 0; i < next_.size(); ++i)
        while (read({i})) moves = true;
      for (std::uint64_t s = 0; s < scripts_.size(); ++s)
        while (fold(s)) moves = true;
    }
    bool all = true;
    for (std::size_t i = 0; i < next_.size(); ++i) all = all && next_[i] == recording_.reads[i].size();
    for (std::size_t s = 0; s < scripts_.size(); ++s) all = all && folds_made_[s] == scripts_[s]->folds.size();
    return all;
  }

 private:
  [[nodiscard]] Version version(ps::Key key) const {
    const auto found = versions_.find(key);
    return found == versions_.end() ? Version{1} : found->second;
  }
  /// The clocks that the worker has ended, where it stands.
  [[nodiscard]] Clock clock(WorkerId worker) const {
    const auto& reads = recording_.reads[worker.value];
    const Clock all = recording_.clocks[worker.value];
    return next_[worker.value] == reads.size() ? all : std::min(all, reads[next_[worker.value]].clock);
  }
  bool read(WorkerId worker) {
    if (next_[worker.value] == recording_.reads[worker.value].size()) return false;
    const ReadRecord& read = recording_.reads[worker.value][next_[worker.value]];
    const Version newest = version(read.key);
    if (read.version.value != 0 && (read.version > newest || newest.value >= read.version.value + ps::kRowSlots))
      return false;
    ++next_[worker.value];
    ++reads_made_[ps::shard_of(read.key, scripts_.size())][worker.value];
    return true;
  }
  bool fold(std::uint64_t shard) {
    const ps::FoldScript& script = *scripts_[shard];
    if (folds_made_[shard] == script.folds.size()) return false;
    const ps::Fold& fold = script.folds[folds_made_[shard]];
    for (std::uint32_t i = 0; i < next_.size(); ++i) {
      if (clock({i}).value < fold.clocks[i]) return false;
      for (const ps::Key key : fold.published)
        if (!script.slot_is_free({i}, reads_made_[shard][i], key, version(key))) return false;
    }
    for (const ps::Key key : fold.published) versions_[key] = version(key).next();
    ++folds_made_[shard];
    return true;
  }

  const Recording& recording_;
  std::vector<std::shared_ptr<const ps::FoldScript>> scripts_;
  std::vector<std::size_t> next_;                       // by worker: its next read
  std::vector<std::vector<std::uint64_t>> reads_made_;  // by shard and worker
  std::vector<std::size_t> folds_made_;                 // by shard
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
      if (ps::shard_of(read.key, shards.size()) == shard) script->reads[i].push_back({read.key, read.version});
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
  std::istringstream lines(text);
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    LineReader reader(line, fmt::format("{}, line {}", name, number));
    if (number > 1)
      read_line(reader, recording);
    else if (line != kFirstLine)
      reader.refuse("it is not a recording of a run");
  }
  if (recording.stop == ps::StopReason::running || recording.workers() == 0)
    throw InputError(fmt::format("{}: it ends before the end of the run; accepted: what --record wrote", name));
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
