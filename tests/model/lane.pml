/* A lane: a ring of records with its tail and head words, and the wrap (ps/lane.hpp).
 *
 * Shown: no byte of a record is read before it was written; no record straddles the wrap; nothing is overwritten
 * before it is drained; every record is drained once and in order; a clock is folded once, in order, with all its
 * updates and not before its end; tail and head never fall; a writer that waits for room gets it, or the stop word;
 * all come to their ends, and nothing is under way then.
 *
 *   here                                                  in the code
 *   writer: append(), with padding at the wrap            ps/lane.cpp LaneWriter::append, compose, wait_for_room
 *   writer: publish()                                     LaneWriter::publish, settle
 *   writer: leaves by the stop word, and flushes          ps/client.cpp Client::check, runtime/job.cpp Job::flush_all
 *   network: a word of the ring is read, and lands        Channel::put; its completion says that all words are read
 *   network: the tail's put starts, and lands             Channel::ordered_put; its completion that it is read
 *   owner: drains, word by word                           LaneReader::drain, ps/shard.cpp Shard::drain
 *   owner: folds                                          Shard::merge, merge_next_clock
 *   owner: pushes head and stop, flushes                  ps/owner_push.cpp OwnerPush::has_news, begin_words
 *
 * Positions count from the beginning and never fall. A word of the ring stands for kRecordAlignment bytes: it holds
 * its position, what it is, and the clock. An update is two words, header and payload; the end of a clock is one,
 * and so is padding, which here is never more.
 *
 * Bounds: a ring of 5 words, so that two updates fit and the wrap is met with a word left and with none; two clocks
 * of up to 3 updates, which are three times round and can be larger than the ring, or three of up to one. After any
 * update the writer may publish: that covers every threshold. The owner pushes the head when it has moved by 3 words
 * or when something else is new: a writer needs room for 3 at most, padding included, and is owed 2 at most, which
 * makes a ring. In the code it is less than a half of a ring and less than an eighth. Lanes do not touch each other,
 * so there is one. In some runs the job is stopped early, at any time; in the others only when all is folded.
 *
 * Left out: operations that fail; what a fold waits for (ssp.pml); other words that are pushed with the head, which
 * only push it sooner.
 *
 * Broken on purpose:
 *   TAIL_BEFORE_DATA     the tail is put without waiting for the records
 *   TAIL_WORD_REUSED     the source of the tail's put is changed before that put has read it
 *   ROOM_MISCOUNTED      the writer takes one word more than there is
 *   HEAD_BEFORE_DRAIN    the head goes back when the tail is seen, before the records are drained
 *   HEAD_NOT_RETURNED    the head never goes back
 *   HEAD_HELD_BACK       the head goes back only when the whole ring is free
 *   NO_PADDING           records straddle the wrap
 *   NO_END_OF_CLOCK      the end of clock 0 is written as padding
 *   UNFINISHED_FOLDED    a clock is folded as soon as there are updates of it
 *   STOP_NOT_TESTED      a writer that waits for room does not look at the stop word
 */
#include "network.pml"

#define RING 5
#ifndef CLOCKS
#define CLOCKS 2
#endif
#ifndef MOST_UPDATES
#define MOST_UPDATES 3 /* of a clock */
#endif
#ifdef HEAD_HELD_BACK
#define WORTH_A_PUSH RING
#else
#define WORTH_A_PUSH 3
#endif
#ifdef ROOM_MISCOUNTED
#define ROOM (RING + 1)
#else
#define ROOM RING
#endif

/* A word of the ring: never 0 and never 255. */
#define PAYLOAD 0
#define UPDATE 1
#define END_OF_CLOCK 2
#define PADDING 3
#define CONTENT(position, kind, clock) (8 * (position) + 4 * ((clock) % 2) + (kind))
#define POSITION_OF(word) ((word) / 8)
#define IS_OF(word, clock) (((word) / 4) % 2 == (clock) % 2)
#define KIND_OF(word) ((word) % 4)
#define PLACE(position) ((position) % RING)

/* The writer's. */
byte own[RING]; /* its private copy of the ring: the source of its puts */
byte written, published, tail_word;

/* Puts under way to the ring, by place: none, one that has not read its source yet, or what it has read. */
#define NOTHING 0
#define UNREAD 255
byte flying[RING];
/* The ordered put of the tail that has not started: it waits for the words before `tail_after`. */
bool tail_waits;
byte tail_after;

/* The shard's. */
byte ring[RING];
Word tail;
byte taken;  /* the owner's head */
byte folded; /* clocks */

/* On the writer's board. */
Word head, stop;

/* For the assertions. */
byte made[CLOCKS]; /* updates, by the writer */
byte ended;        /* clocks, by the writer */
bool stops_early;
byte through;
bool room_is_free = true, source_is_free = true, record_is_there = true, record_is_whole = true, records_follow = true;
bool clock_is_whole = true, all_is_folded = true, network_is_quiet = true;

#define IS_READ(i) (flying[i] != UNREAD)
#define IS_SETTLED (IS_READ(0) && IS_READ(1) && IS_READ(2) && IS_READ(3) && IS_READ(4) && !tail_waits)
#define LANDED(i) (flying[i] == NOTHING)
#define ALL_LANDED (LANDED(0) && LANDED(1) && LANDED(2) && LANDED(3) && LANDED(4) && !tail_waits && FLUSHED(tail))

#ifdef TAIL_BEFORE_DATA
#define LET_TAIL_PASS(i) true
#else
#define LET_TAIL_PASS(i) (flying[i] == NOTHING || POSITION_OF(own[i]) >= tail_after)
#endif
#define TAIL_MAY_START (tail_waits && FLUSHED(tail) && LET_TAIL_PASS(0) && LET_TAIL_PASS(1) && LET_TAIL_PASS(2) && \
                        LET_TAIL_PASS(3) && LET_TAIL_PASS(4))

inline publish() {
  if
  :: published < written ->
#ifdef TAIL_WORD_REUSED
     tail_word = written;
#endif
     if
     :: IS_SETTLED
     :: stop.here -> goto leave
     fi;
     source_is_free = !tail_waits;
     assert(source_is_free);
     d_step {
       do
       :: published < written ->
          assert(flying[PLACE(published)] == NOTHING);
          flying[PLACE(published)] = UNREAD;
          published++
       :: else -> break
       od;
       tail_word = published;
       tail_after = published;
       tail_waits = true
     }
  :: else
  fi
}

inline compose(kind) {
  room_is_free = written < taken + RING;
  assert(room_is_free);
  own[PLACE(written)] = CONTENT(written, kind, clock);
  written++
}

#define HAS_ROOM(words) (written + padding + words <= head.here + ROOM)

inline append(kind, words) {
#ifndef NO_PADDING
  if
  :: PLACE(written) + words > RING -> padding = RING - PLACE(written)
  :: else
  fi;
#endif
  if
  :: HAS_ROOM(words)
  :: else ->
     publish();
     if
     :: HAS_ROOM(words)
#ifndef STOP_NOT_TESTED
     :: stop.here -> goto leave
#endif
     fi
  fi;
  d_step {
    if
    :: padding > 0 -> compose(PADDING)
    :: else
    fi;
    padding = 0;
    compose(kind);
    if
    :: words > 1 -> compose(PAYLOAD)
    :: else
    fi
  }
}

#ifdef NO_END_OF_CLOCK
#define END (clock == 0 -> PADDING : END_OF_CLOCK)
#else
#define END END_OF_CLOCK
#endif

active proctype writer() {
  byte clock, padding, end_kind;
  do
  :: clock < CLOCKS ->
     do
     :: made[clock] < MOST_UPDATES ->
        append(UPDATE, 2);
        made[clock]++;
        if
        :: publish()
        :: true
        fi
     :: true -> break
     od;
     end_kind = END;
     append(end_kind, 1);
     ended++;
     publish();
     clock++
  :: else -> break
  od;
  stop.here;
leave:
  ALL_LANDED;
  through++
}

inline read(i) { d_step { flying[i] == UNREAD -> flying[i] = own[i] } }
inline write(i) {
  d_step { flying[i] != NOTHING && flying[i] != UNREAD -> ring[i] = flying[i]; flying[i] = NOTHING }
}

active proctype network() {
end:
  do
  :: read(0)
  :: read(1)
  :: read(2)
  :: read(3)
  :: read(4)
  :: write(0)
  :: write(1)
  :: write(2)
  :: write(3)
  :: write(4)
  :: d_step { TAIL_MAY_START -> put(tail, tail_word); tail_waits = false }
  :: land(tail)
  :: land(head)
  :: land(stop)
  od
}

#if defined(HEAD_BEFORE_DRAIN)
#define HEAD tail.here
#elif defined(HEAD_NOT_RETURNED)
#define HEAD 0
#else
#define HEAD taken
#endif

#ifdef UNFINISHED_FOLDED
#define CAN_FOLD (folded < drained_ends || (folded < CLOCKS && drained[folded] > 0))
#else
#define CAN_FOLD (folded < drained_ends)
#endif

active proctype owner() {
  byte until, word;
  byte drained[CLOCKS + 1]; /* updates, by clock */
  byte drained_ends;
  byte told_head, told_folded;
  bool stops, told_stop, is_pushing;
  if
  :: true
  :: stops_early = true
  fi;
  do
  :: tail.here > taken ->
     until = tail.here;
     do
     :: taken < until ->
        atomic {
          word = ring[PLACE(taken)];
          record_is_there = word != 0 && POSITION_OF(word) == taken;
          assert(record_is_there);
          if
          :: KIND_OF(word) == PADDING -> taken++
          :: KIND_OF(word) == END_OF_CLOCK ->
             records_follow = IS_OF(word, drained_ends);
             assert(records_follow);
             drained_ends++;
             taken++
          :: else ->
             record_is_whole = KIND_OF(word) == UPDATE && PLACE(taken) + 2 <= RING && taken + 2 <= until;
             assert(record_is_whole);
             records_follow = IS_OF(word, drained_ends);
             assert(records_follow)
          fi
        }
        if
        :: KIND_OF(word) == UPDATE ->
           d_step {
             record_is_there = ring[PLACE(taken + 1)] == CONTENT(taken + 1, PAYLOAD, drained_ends);
             assert(record_is_there);
             drained[drained_ends]++;
             taken = taken + 2
           }
        :: else
        fi;
        word = 0
     :: else -> break
     od;
     until = 0
  :: atomic {
       !stops && CAN_FOLD ->
       clock_is_whole = folded < ended && drained[folded] == made[folded];
       assert(clock_is_whole);
       drained[folded] = 0;
       folded++;
       stops = folded == CLOCKS
     }
  :: d_step {
       !is_pushing && !told_stop &&
       (stops != told_stop || folded != told_folded || HEAD >= told_head + WORTH_A_PUSH) ->
       put_if_news(head, HEAD);
       put_if_news(stop, stops);
       told_head = HEAD;
       told_folded = folded;
       told_stop = stops;
       is_pushing = true
     }
  :: atomic { is_pushing && FLUSHED(head) && FLUSHED(stop) -> is_pushing = false }
  :: stops_early && !stops -> stops = true
  :: told_stop && !is_pushing -> break
  od;
  through++;
  through == 2;
  all_is_folded = stops_early || folded == CLOCKS;
  assert(all_is_folded);
  network_is_quiet = ALL_LANDED && FLUSHED(head) && FLUSHED(stop);
  assert(network_is_quiet)
}
