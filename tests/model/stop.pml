/* Stop, where there are several shards: two workers, each hosting a shard with an owner of its own.
 *
 * Shown: whatever the reason is and whoever says it first, everybody comes to the end; who leaves because all
 * iterations are done has made them all, and all are folded in every shard; a clock that has ended in any shard
 * counts; before memory is released nothing is under way to it.
 *
 *   here                                                  in the code
 *   REASON: why the job stops, as a board says it         ps/wire_layout.cpp stop_of
 *   worker: every wait looks at it                        ps/client.cpp Client::check, wait_a_little
 *   worker: ends a clock, and what a stop amid it does    Client::tick
 *   worker: flushes, then a barrier                       runtime/job.cpp Job::flush_all, iterate
 *   owner: done, or interrupted, or another shard is      ps/shard.cpp Shard::request_stop, runtime/job.cpp start_owner
 *   owner: tell(), leaves when all boards know it         ps/owner_push.cpp, Shard::stop_is_known_everywhere
 *
 * What lanes, rows and floors do (lane.pml, row.pml, ssp.pml) is not gone into again: a clock's end is folded at
 * some later time, and a worker sees at once what is folded. A wait for room in a lane is a step that may be late.
 *
 * Bounds: 2 workers, 2 shards, 2 clocks, staleness 0, at which every wait is met. Either shard, both or none is
 * interrupted, at any time; the reasons differ, and which of them a worker sees first is not said to be the same for
 * all.
 *
 * Left out: workers that are lost, and the deadlines that end waits for them.
 *
 * Broken on purpose:
 *   FIRST_DONE_STOPS     workers leave when one shard has done all iterations
 *   NOT_ASKED            an owner does not look at what other shards say
 *   STOP_NOT_TESTED      a worker that leads too far does not look at the stop words
 *   TICK_CUT_SHORT       a stop ends a tick that has ended its clock in one shard
 *   LEFT_EARLY           an owner leaves when its stop words are put, without a flush
 *   NOT_FLUSHED          a worker leaves while its clock word is under way
 */
#include "network.pml"

#ifndef CLOCKS
#define CLOCKS 2
#endif

/* Reasons. More than DONE stops the job, whoever says it. */
#define DONE 1
#define INTERRUPTED 2 /* by shard 0; by shard 1 it is one more */

typedef Board {
  Word clock;   /* the other worker's */
  Word stop[2]; /* by shard */
}
Board board[2];

byte finished[2]; /* by worker */
typedef Shard {
  byte ended[2];  /* by worker: clocks in its lane */
  byte floor;
  bool is_interrupted
}
Shard shard[2];

byte through;
bool everything_is_done = true, clocks_are_counted = true, network_is_quiet = true;

#define SAYS(b, s) board[b].stop[s].here
#ifdef FIRST_DONE_STOPS
#define ALL_DONE(b) (SAYS(b, 0) == DONE || SAYS(b, 1) == DONE)
#else
#define ALL_DONE(b) (SAYS(b, 0) == DONE && SAYS(b, 1) == DONE)
#endif
#define REASON(b) (SAYS(b, 0) > DONE -> SAYS(b, 0) : (SAYS(b, 1) > DONE -> SAYS(b, 1) : (ALL_DONE(b) -> DONE : 0)))

#define STOPPED (REASON(me) != 0)
#define CLOCK finished[me]
#define CLOCK_WORD board[1 - me].clock

inline catch_up() { atomic { FLUSHED(CLOCK_WORD) && CLOCK_WORD.here < CLOCK -> put(CLOCK_WORD, CLOCK) } }

inline end_clock(s) {
  if
  :: atomic { shard[s].ended[me]++; has_ended = true }
  :: STOPPED ->
     if
#ifdef TICK_CUT_SHORT
     :: true -> goto leave
#else
     :: !has_ended -> goto leave
     :: else /* it has ended in a shard: too late for this stop */
#endif
     fi
  fi
}

proctype worker(byte me) {
  bool has_ended;
  do
  :: CLOCK < CLOCKS ->
     do
     :: CLOCK <= board[me].clock.here && shard[0].floor >= CLOCK && shard[1].floor >= CLOCK -> break
     :: catch_up()
#ifndef STOP_NOT_TESTED
     :: STOPPED -> goto leave
#endif
     od;
     end_clock(0);
     end_clock(1);
     has_ended = false;
     atomic {
       CLOCK++;
       if
       :: FLUSHED(CLOCK_WORD) -> put(CLOCK_WORD, CLOCK)
       :: else
       fi
     }
  :: else -> break
  od;
  do
  :: catch_up()
  :: STOPPED -> break
  od;
leave:
  atomic {
    has_ended = false;
    everything_is_done =
        REASON(me) != DONE || (CLOCK == CLOCKS && shard[0].floor == CLOCKS && shard[1].floor == CLOCKS);
    assert(everything_is_done);
    clocks_are_counted = shard[0].ended[me] == CLOCK && shard[1].ended[me] <= CLOCK;
    assert(clocks_are_counted)
  }
#ifndef NOT_FLUSHED
  FLUSHED(CLOCK_WORD);
#endif
  through++
}

/* That a push may have to wait for the one before is not apart from landing late. */
inline tell() {
  put(board[0].stop[me], stop);
  put(board[1].stop[me], stop)
}

/* Of the shard that worker `me` hosts. */
proctype owner(byte me) {
  byte stop;
  do
  :: atomic {
       stop == 0 && shard[me].floor < shard[me].ended[0] && shard[me].floor < shard[me].ended[1] ->
       shard[me].floor++;
       if
       :: shard[me].floor == CLOCKS -> stop = DONE; tell()
       :: else
       fi
     }
  :: atomic { stop == 0 && shard[me].is_interrupted -> stop = INTERRUPTED + me; tell() }
#ifndef NOT_ASKED
  :: atomic { stop == 0 && REASON(me) > DONE -> stop = REASON(me); tell() }
#endif
#ifdef LEFT_EARLY
  :: stop != 0 -> break
#endif
  :: SAYS(0, me) != 0 && SAYS(1, me) != 0 -> break
  od;
  through++
}

active proctype network() {
end:
  do
  :: land(board[0].clock)
  :: land(board[1].clock)
  :: land(board[0].stop[0])
  :: land(board[0].stop[1])
  :: land(board[1].stop[0])
  :: land(board[1].stop[1])
  od
}

init {
  atomic {
    if
    :: shard[0].is_interrupted = true
    :: true
    fi;
    if
    :: shard[1].is_interrupted = true
    :: true
    fi;
    run owner(0);
    run owner(1);
    run worker(0);
    run worker(1)
  }
  through == 4;
  network_is_quiet = FLUSHED(board[0].clock) && FLUSHED(board[1].clock) && FLUSHED(board[0].stop[0]) &&
                     FLUSHED(board[0].stop[1]) && FLUSHED(board[1].stop[0]) && FLUSHED(board[1].stop[1]);
  assert(network_is_quiet)
}
