#include "runtime/recording.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <sstream>

#include <fmt/format.h>

#include "base/status.hpp"

namespace wolfpack::runtime {
namespace {

constexpr const char* kFirstLine = "wolfpack-recording 1";
constexpr std::uint64_t kMostWorkers = 1 << 20;

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
    const std::string text = word();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) refuse(fmt::format("\"{}\" is not a number", text));
    if (value > most) refuse(fmt::format("{} is out of range, 0 to {}", value, most));
    return value;
  }
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

void read_line(LineReader& line, Recording& recording) {
  const auto worker = [&] {
    if (recording.workers() == 0) line.refuse("the number of workers must come first");
    return line.number(recording.workers() - 1);
  };
  if (line.kind() == "setting") {
    std::string name = line.word();
    recording.settings.emplace_back(std::move(name), line.rest());
  } else if (line.kind() == "workers") {
    if (recording.workers() != 0) line.refuse("the number of workers comes once");
    recording.reads.resize(line.number(kMostWorkers));
    if (recording.workers() == 0) line.refuse("0 is out of range, 1 and more");
  } else if (line.kind() == "read") {
    const auto i = worker();
    ReadRecord read;
    read.clock = {line.number()};
    read.key = {static_cast<std::uint32_t>(line.number(std::numeric_limits<std::uint32_t>::max()))};
    read.version = {line.number()};
    read.floor = {line.number()};
    read.own_folded = {line.number()};
    recording.reads[i].push_back(read);
  } else if (line.kind() == "fold") {
    auto& fold = recording.folds.emplace_back(recording.workers());
    for (auto& clock : fold) clock = line.number();
  } else if (line.kind() == "stop") {
    recording.stop = static_cast<ps::StopReason>(line.number(static_cast<std::uint64_t>(ps::StopReason::failed)));
  } else {
    line.refuse(fmt::format("\"{}\" is no kind of entry", line.kind()));
  }
  line.end();
}

}  // namespace

std::shared_ptr<const ps::FoldScript> Recording::script() const {
  auto script = std::make_shared<ps::FoldScript>();
  script->folds = folds;
  script->stop = stop;
  script->reads.resize(workers());
  for (std::size_t i = 0; i < workers(); ++i)
    for (const ReadRecord& read : reads[i]) script->reads[i].push_back({read.clock, read.key, read.version});
  return script;
}

std::string Recording::to_text() const {
  std::string text = fmt::format("{}\n", kFirstLine);
  for (const auto& [name, value] : settings) text += fmt::format("setting {} {}\n", name, value);
  text += fmt::format("workers {}\n", workers());
  for (std::size_t i = 0; i < workers(); ++i)
    for (const ReadRecord& read : reads[i])
      text += fmt::format("read {} {} {} {} {} {}\n", i, read.clock.value, read.key.value, read.version.value,
                          read.floor.value, read.own_folded.value);
  for (const auto& fold : folds) text += fmt::format("fold {}\n", fmt::join(fold, " "));
  return text + fmt::format("stop {}\n", static_cast<int>(stop));
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
  if (recording.stop == ps::StopReason::running)
    throw InputError(fmt::format("{}: it ends before the end of the run; accepted: what --record wrote", name));
  for (std::size_t n = 1; n < recording.folds.size(); ++n)
    if (!std::equal(recording.folds[n].begin(), recording.folds[n].end(), recording.folds[n - 1].begin(),
                    std::greater_equal<>()))
      throw InputError(fmt::format("{}: fold {} takes back a clock; accepted: what --record wrote", name, n + 1));
  return recording;
}

const ReadRecord& ReadReplay::next(Clock clock, ps::Key key) {
  if (next_ == reads_.size() || reads_[next_].clock != clock || reads_[next_].key != key) leave(clock, key);
  return reads_[next_++];
}

void ReadReplay::leave(Clock clock, ps::Key key) const {
  throw RuntimeFailure(fmt::format("{}: worker {} reads row {} at clock {}", ps::kLeavesTheRecording, worker_.value,
                                   key.value, clock.value));
}

}  // namespace wolfpack::runtime
