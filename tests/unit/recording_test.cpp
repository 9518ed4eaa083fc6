#include "runtime/recording.hpp"

#include <gtest/gtest.h>

#include "base/status.hpp"

namespace wolfpack::runtime {
namespace {

const std::string kHead = "wolfpack-recording 2\njob 2 1\n", kJob = kHead + "clocks 3 3\n";

void expect_refused(const std::string& text, const std::string& why) {
  try {
    (void)Recording::from_text(text, "file");
    ADD_FAILURE() << "accepted: " << text;
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("accepted: "), std::string::npos) << error.what();
  }
}

void expect_accepted(const std::string& text) { EXPECT_NO_THROW((void)Recording::from_text(text, "")) << text; }

TEST(Recording, TextComesBackAsItWas) {
  Recording recording;
  recording.settings = {{"data", "a file.npy"}, {"beta", "1.5"}};
  recording.clocks = {{2}, {5}};
  recording.reads = {{{{0}, {0}, 0, {1}, {0}, {0}}, {{1}, {2}, 0, {}, {}, {}}}, {}};
  recording.shards = {{{{{1, 0}, {{0}, {2}}}, {{2, 5}, {}}}, ps::StopReason::converged}, {}};
  recording.stop = ps::StopReason::converged;
  const Recording back = Recording::from_text(recording.to_text(), "it");
  EXPECT_EQ(back.to_text(), recording.to_text());
  EXPECT_EQ(back.settings, recording.settings);
  EXPECT_EQ(back.clocks, recording.clocks);
  EXPECT_EQ(back.shards[0].folds, recording.shards[0].folds);
  EXPECT_EQ(back.shards[0].said, recording.shards[0].said);
  EXPECT_EQ(back.stop, recording.stop);
}

TEST(Recording, BadTextIsRefusedWithItsLine) {
  expect_accepted(kJob + "read 0 0 0 1 0 0\nfold 0 1 0 0\nfold 0 1 1\nstop 1\n");
  expect_refused("", "ends before");
  expect_refused("other 1\n", "line 1: it is not a recording");
  expect_refused("wolfpack-recording 1\n", "accepted: 'wolfpack-recording 2'");
  expect_refused("wolfpack-recording 2\nread 0 0 0 1 0 0\n", "line 2: 'job' must come first");
  expect_refused("wolfpack-recording 2\njob 0 1\n", "line 2: 0 is out of range, 1 to ");
  expect_refused("wolfpack-recording 2\njob 2 3\n", "line 2: 3 is out of range, 1 to 2");
  expect_refused("wolfpack-recording 2\njob 1000000 1000000\nstop 1\n", "line 2: 1000000 is out of range");
  expect_refused(kHead + "read 0 0 0 1 0 0\n", "line 3: 'clocks' must come after");
  expect_refused(kHead + "clocks 1 2 3\n", "line 3: '3' is too much");
  expect_refused(kJob + "job 2 1\n", "line 4: 'job' comes once");
  expect_refused(kJob + "clocks 1 1\n", "line 4: 'clocks' comes once");
  expect_refused(kJob + "read 2 0 0 1 0 0\n", "line 4: 2 is out of range");
  expect_refused(kJob + "read 0 0 0 x 0 0\n", "line 4: 'x' is not a number");
  expect_refused(kJob + "fold 0 1\n", "line 4: a word is missing");
  expect_refused(kJob + "fold 1 1 1\n", "line 4: 1 is out of range");
  expect_refused(kJob + "fold 0 1 1\nfold 0 0 1\n", "line 5: the fold takes back a clock");
  expect_refused(kJob + "sing 1\n", "line 4: 'sing' is no kind of entry");
  expect_refused(kJob + std::string(1000, '\a') + "\n", "line 4: '\\x07\\x07");
  expect_refused(kJob + "fold 0 1 1\n", "ends before");
}

TEST(Recording, ReadsOutOfTurnAreRefused) {
  expect_refused(kJob + "read 0 3 0 1 0 0\n", "line 4: clock 3 is out of turn for worker 0");
  expect_refused(kJob + "read 0 1 0 1 0 0\nread 0 0 0 1 0 0\n", "line 5: clock 0 is out of turn for worker 0");
  expect_refused(kJob + "read 0 1 0 2 0 0\nread 0 1 0 1 0 0\n", "line 5: version 1 comes after a newer one");
}

TEST(Recording, ARowIsPublishedByItsOwnShardAlone) {
  const std::string job = "wolfpack-recording 2\njob 2 2\nclocks 1 1\n";
  expect_accepted(job + "fold 1 1 1 1 3\nstop 1\n");
  expect_refused(job + "fold 1 1 1 1 2\n", "line 4: row 2 is not in shard 1");
}

TEST(Recording, AStopIsWhatSomebodySaid) {
  expect_refused(kJob + "stop 0\n", "line 4: 0 is out of range");
  expect_refused(kJob + "stop 6\n", "line 4: 6 is out of range");
  expect_refused(kJob + "said 0 4\n", "line 4: no merge policy says that");
  expect_refused(kJob + "stop 2\n", "no merge policy said why it stopped");
  expect_refused(kJob + "said 0 3\nstop 2\n", "no merge policy said why it stopped");
  expect_accepted(kJob + "said 0 2\nstop 2\n");
}

TEST(Recording, OfWhatCannotHaveHappenedIsRefusedBeforeAnybodyWaitsForIt) {
  const auto text = [](const std::string& middle) { return "wolfpack-recording 2\njob 2 2\n" + middle + "stop 1\n"; };
  const std::string two = "clocks 2 2\n", why = "cannot have been made in any order";
  // Each worker reads what follows from the other's clock alone, which ends after that read.
  const std::string folds = two + "fold 0 1 0 0\nfold 1 0 1 1\n";
  expect_accepted(text(folds + "read 0 1 1 2 0 0\nread 1 1 0 2 0 0\n"));
  expect_refused(text(folds + "read 0 0 1 2 0 0\nread 1 0 0 2 0 0\n"), why);
  expect_refused(text(two + "read 0 0 0 2 0 0\n"), why);  // never published
  expect_refused(text(two + "fold 0 3 0\n"), why);        // nobody made the clock
  // Version 5 takes the slot of version 1, which is still read by a clock that version 5 needs.
  const std::string four = "clocks 4 2\nfold 0 1 0 0\nfold 0 2 0 0\nfold 0 3 0 0\n";
  expect_accepted(text(four + "fold 0 4 0 0\nread 1 1 0 1 0 0\n"));
  expect_accepted(text(four + "fold 0 4 1 0\nread 1 1 0 4 0 0\n"));
  expect_refused(text(four + "fold 0 4 2 0\nread 1 1 0 1 0 0\nread 1 1 0 5 0 0\n"), why);
}

}  // namespace
}  // namespace wolfpack::runtime
