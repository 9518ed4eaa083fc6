/* Stale-synchronous iterations: the folded vector and the floor word, the clock table, the lead rule, the read rule,
 * giving way, and stop, of two workers and the owner of one shard.
 *
 * Shown: iteration c starts only while the slowest worker has finished c - s (lead rule); the row that is read at
 * clock c holds every update that the other worker made before clock c - s (read rule); a row holds every update of
 * clocks before the floor that its reader goes by; with OWN_AWAITED it also holds all the reader's own; clock words
 * never fall; nobody waits for ever, and when all are through nothing is under way.
 *
 *   here                                                 in the code
 *   worker: starts, ends, leaves                         runtime/job.cpp Job::run_worker, runtime/ssp_policy.hpp
 *   worker: waits for a newer version, gives way         runtime/iteration.cpp Iteration::get_newer
 *   worker: loads the floor, then the newest word        ps/client.cpp Client::get
 *   worker: ends a clock                                 Client::tick, ps/clock_table.hpp ClockTable::advance
 *   worker: catch_up() while it waits                    Client::wait_a_little, ClockTable::catch_up
 *   owner: folds, publishes                              ps/shard.cpp Shard::fold_and_publish, may_publish, merge
 *   owner: begin_words(), then begin_folded()            ps/owner_push.cpp OwnerPush
 *   owner: leaves when all boards have the stop word     Shard::stop_is_known_everywhere
 *
 * What other models show is taken from them. Lanes (lane.pml): a clock that has ended is folded whole, in order, at
 * some later time. Rows (row.pml): who loads the newest word gets that version whole; and as no version is published
 * before all boards have the word of the last one, only two can be read, the newest and the one before.
 *
 * Any fold may leave the row unchanged, and then publishes nothing; but at staleness 0 each is of one clock of each
 * worker and publishes. Which of the clocks of a fold changed the row is not said: the assertions take it that the
 * row before lacks all of them.
 *
 * To notice late what has landed is no different from its landing late, so what waits for a flush follows it at
 * once. A word that a push would not change is not put. Versions are counted from 1 again when all boards have the
 * newest, since only their differences matter.
 *
 * Bounds: 2 workers; CLOCKS iterations each and STALENESS as in the runs of `check`. Three clocks at staleness 1 are
 * the least where a worker runs ahead, may have to wait for each rule, and goes on; two clocks at 2 know no bound.
 * With INTERRUPTS the job may be stopped at any time, and only then, since who may always stop it hides who is
 * stuck.
 *
 * With SOLVER a worker never reads a version twice: it waits for a newer one and answers it with an update, or gives
 * way; the job also stops when a fold changes nothing and every worker's last update was made on the newest version
 * (frank_wolfe/model_policy.cpp). With two clocks a worker gives way to one that is done; before one that leads too
 * far has to wait for it, it takes four: `check ssp SOLVER,CLOCKS=4 holds` needs a minute and 1.1 GB.
 *
 * Left out: several shards (stop.pml); overlays of own updates; workers that are lost; replays.
 *
 * Broken on purpose:
 *   FLOOR_BEFORE_WORDS    the floor is pushed without waiting for the words of the rows
 *   FLOOR_NOT_KEPT        the floor's put takes the floor as it is then, not as it was when the words were put
 *   FLOOR_NOT_PUSHED      there is no floor word, only the folded vector in the row
 *   NEWEST_BEFORE_FLOOR   a reader loads the newest word, then the floor
 *   WORDS_NOT_AWAITED     a version is published before all boards have the word of the last one
 *   READ_BY_CLOCK_TABLE   a reader goes by the clock table instead of the folded vector
 *   READS_TOO_STALE       the read rule lets one clock more pass
 *   LEADS_TOO_FAR         the lead rule lets one clock more pass
 *   CLOCK_MAY_FALL        a clock is put while the last one is under way
 *   CLOCK_FORGOTTEN       a clock that could not be put at the tick is not put later
 *   OWN_NOT_PUSHED        OWN_AWAITED: a worker's own folded clock is not pushed
 *   NO_GIVING_WAY         SOLVER: a worker without news waits, whoever waits for it
 *   STOP_NOT_TESTED       INTERRUPTS: a worker that leads too far does not look at the stop word
 *   LEFT_EARLY            the owner leaves when the stop words are put, without a flush
 */
#include "network.pml"

#ifndef STALENESS
#define STALENESS 1
#endif
#ifndef CLOCKS
#define CLOCKS 3
#endif

/* Why the job stops. */
#define DONE 1
#define INTERRUPTED 2

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))

typedef Board {
  Word clock;                /* the other worker's, in the clock table; the own one is finished[me] */
  Word newest, stop;         /* the owner's block of words */
  Word floor, own;           /* put after it */
  byte next_floor, next_own; /* what will be */
}
Board board[2];

byte finished[2]; /* by worker: clocks whose end is in its lane, and in its own copy of the clock table */
byte folded[2];   /* by worker: the owner's folded vector */
byte version;

/* By worker: the folded vector in the slot of the newest version, and of the one before; and before which clock that
   older row holds all updates. The newest holds what is folded. */
byte row[2], old_row[2], old_row_holds[2];

#ifdef SOLVER
bool has_read[2];     /* by worker: the version that its newest word says */
byte updates;         /* clocks that have one, a bit each */
byte fresh_updates;   /* those that were made on the newest version */
bool is_evaluated[2]; /* by worker: its last update, which is folded, is one of these */
#define BIT_OF(worker, clock) (1 << ((worker) * CLOCKS + (clock)))
#endif

byte through;
bool lead_rule = true, read_rule = true, floor_rule = true, own_updates = true, two_rows_live = true;
bool clock_has_ended = true, network_is_quiet = true;

/* Workers. */

#define OTHER (1 - me)
#define CLOCK finished[me]
#define CLOCK_WORD board[OTHER].clock
#define LAST_PUT(word) (word.flying > 0 -> word.value : word.here)
#define STOPPED (board[me].stop.here != 0)

#ifdef CLOCK_MAY_FALL
#define TAKES_CLOCK (CLOCK_WORD.flying < 2)
#else
#define TAKES_CLOCK FLUSHED(CLOCK_WORD)
#endif
#ifdef CLOCK_FORGOTTEN
#define CATCHES_UP false
#else
#define CATCHES_UP true
#endif

/* While a worker waits. */
inline catch_up() {
  atomic { CATCHES_UP && TAKES_CLOCK && LAST_PUT(CLOCK_WORD) < CLOCK -> put(CLOCK_WORD, CLOCK) }
}

#ifdef LEADS_TOO_FAR
#define LEAD (STALENESS + 1)
#else
#define LEAD STALENESS
#endif
#define MAY_START (CLOCK <= MIN(CLOCK, board[me].clock.here) + LEAD)

/* Before this clock the other's updates have to be in the row. */
#define REQUIRED (CLOCK > STALENESS -> CLOCK - STALENESS : 0)

/* The floor that a worker has loaded, and the version that it reads. */
#ifdef NEWEST_BEFORE_FLOOR
#define LOADED_FLOOR board[me].floor.here
#define SEEN loaded
#define LOADED_WORD board[me].newest.here
#else
#define LOADED_FLOOR loaded
#define SEEN board[me].newest.here
#define LOADED_WORD board[me].floor.here
#endif
#define ROW_OF(worker) (SEEN == version -> row[worker] : old_row[worker])
#define ROW_HOLDS(worker) (SEEN == version -> folded[worker] : old_row_holds[worker])

#ifdef NEWEST_BEFORE_FLOOR
#define IS_LIVE (SEEN + 1 >= version) /* older ones are not kept here */
#else
#define IS_LIVE true
#endif
#if defined(READS_TOO_STALE)
#define IS_FRESH (MAX(LOADED_FLOOR, ROW_OF(OTHER)) + 1 >= REQUIRED)
#elif defined(READ_BY_CLOCK_TABLE)
#define IS_FRESH (board[me].clock.here >= REQUIRED)
#else
#define IS_FRESH (MAX(LOADED_FLOOR, ROW_OF(OTHER)) >= REQUIRED)
#endif
#ifdef OWN_AWAITED
#define HAS_OWN (MAX(own, ROW_OF(me)) >= CLOCK)
#else
#define HAS_OWN true
#endif

#ifdef NO_GIVING_WAY
#define GIVES_WAY false
#else
#define FASTEST board[me].clock.here
#define GIVES_WAY (has_read[me] && STALENESS > 0 && FASTEST > CLOCK && \
                   (FASTEST > CLOCK + STALENESS || FASTEST == CLOCKS))
#endif

inline load() {
  loaded = LOADED_WORD;
  own = board[me].own.here
}

proctype worker(byte me) {
  byte loaded, own;
  do
  :: CLOCK < CLOCKS ->
     do
     :: atomic {
          MAY_START ->
          lead_rule = CLOCK <= finished[OTHER] + STALENESS;
          assert(lead_rule);
          load();
          break
        }
     :: catch_up()
#ifndef STOP_NOT_TESTED
     :: STOPPED -> goto leave
#endif
     od;
#ifdef SOLVER
     do
     :: atomic {
          !has_read[me] && board[me].newest.here != 0 ->
          updates = updates | BIT_OF(me, CLOCK);
          load();
          break
        }
     :: GIVES_WAY -> goto tick
     :: catch_up()
     :: STOPPED -> goto leave
     od;
#endif
     do
     :: atomic {
          SEEN != 0 && IS_LIVE && IS_FRESH && HAS_OWN ->
          two_rows_live = SEEN + 1 >= version;
          assert(two_rows_live);
          floor_rule = ROW_HOLDS(me) >= LOADED_FLOOR && ROW_HOLDS(OTHER) >= LOADED_FLOOR;
          assert(floor_rule);
          read_rule = ROW_HOLDS(OTHER) >= REQUIRED;
          assert(read_rule);
#ifdef OWN_AWAITED
          own_updates = ROW_HOLDS(me) >= CLOCK;
          assert(own_updates);
#endif
#ifdef SOLVER
          has_read[me] = true;
          fresh_updates = (SEEN == version -> fresh_updates | BIT_OF(me, CLOCK) : fresh_updates);
#endif
          break
        }
     :: atomic { loaded != LOADED_WORD || own != board[me].own.here -> load() }
     :: catch_up()
     :: STOPPED -> goto leave
     od;
tick:
     atomic {
       loaded = 0;
       own = 0;
       CLOCK++;
       if
       :: TAKES_CLOCK -> put(CLOCK_WORD, CLOCK)
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
  atomic { FLUSHED(CLOCK_WORD) -> loaded = 0; own = 0; through++ }
}

/* The owner's pushes. */

#define FLOOR MIN(folded[0], folded[1])
#define WORDS_FLUSHED(b) (FLUSHED(board[b].newest) && FLUSHED(board[b].stop))
#define IS_IDLE(b) (WORDS_FLUSHED(b) && FLUSHED(board[b].floor) && FLUSHED(board[b].own))
#if defined(OWN_AWAITED) && !defined(OWN_NOT_PUSHED)
#define OWN_IS_NEWS(b) (board[b].own.here != folded[b])
#else
#define OWN_IS_NEWS(b) false
#endif
#ifdef FLOOR_NOT_PUSHED
#define FLOOR_IS_NEWS(b) false
#else
#define FLOOR_IS_NEWS(b) (board[b].floor.here != FLOOR)
#endif
#define HAS_NEWS(b) (IS_IDLE(b) && board[b].stop.here == 0 && \
                     (stop != 0 || board[b].newest.here != version || FLOOR_IS_NEWS(b) || OWN_IS_NEWS(b)))

inline begin_folded(b) {
  if
  :: WORDS_FLUSHED(b) && board[b].stop.here == 0 ->
#if !defined(FLOOR_NOT_PUSHED) && !defined(FLOOR_BEFORE_WORDS)
     put_if_news(board[b].floor, board[b].next_floor);
#endif
     board[b].next_floor = 0;
#if defined(OWN_AWAITED) && !defined(OWN_NOT_PUSHED)
     put_if_news(board[b].own, board[b].next_own);
#endif
     board[b].next_own = 0
  :: else
  fi
}

inline begin_words(b) {
  if
  :: HAS_NEWS(b) ->
     put_if_news(board[b].newest, version);
     if
     :: stop != 0 -> put(board[b].stop, stop)
     :: else ->
        board[b].next_floor = FLOOR;
#ifdef OWN_AWAITED
        board[b].next_own = folded[b];
#endif
#ifdef FLOOR_BEFORE_WORDS
        put_if_news(board[b].floor, board[b].next_floor);
#endif
        begin_folded(b)
     fi
  :: else
  fi
}

/* A newest word has landed on board b. */
inline count_anew(b) {
#ifdef SOLVER
  has_read[b] = false;
#endif
#ifndef NEWEST_BEFORE_FLOOR
  if
  :: board[0].newest.here == version && board[1].newest.here == version ->
     version = 1;
     board[0].newest.here = 1;
     board[1].newest.here = 1;
     old_row[0] = 0;
     old_row[1] = 0;
     old_row_holds[0] = 0;
     old_row_holds[1] = 0
  :: else
  fi
#else
  skip
#endif
}

/* To board b. */
proctype network(byte b) {
end:
  do
  :: atomic { land(board[b].newest); begin_folded(b); count_anew(b) }
  :: atomic { land(board[b].stop); begin_folded(b) }
#ifdef FLOOR_NOT_KEPT
  :: atomic { !FLUSHED(board[b].floor) -> board[b].floor.value = FLOOR; land(board[b].floor) }
#else
  :: land(board[b].floor)
#endif
  :: land(board[b].own)
  :: land(board[b].clock)
  od
}

/* The owner. */

#ifdef WORDS_NOT_AWAITED
#define MAY_PUBLISH true
#else
#define MAY_PUBLISH (board[0].newest.here == version && board[1].newest.here == version)
#endif
#if STALENESS == 0
#define MAY_FOLD (finished[0] > FLOOR && finished[1] > FLOOR)
#else
#define MAY_FOLD (finished[0] > folded[0] || finished[1] > folded[1])
#endif

inline merge(w) {
  clock_has_ended = folded[w] < finished[w];
  assert(clock_has_ended);
#ifdef SOLVER
  if
  :: updates & BIT_OF(w, folded[w]) ->
     may_change = true;
     is_evaluated[w] = (fresh_updates & BIT_OF(w, folded[w])) != 0
  :: else
  fi;
#endif
  folded[w]++
}
inline merge_some(w) {
  do
  :: folded[w] < finished[w] -> merge(w)
  :: break
  od
}
inline merge_what_waits() {
#if STALENESS == 0
  changes = true;
  merge(0);
  merge(1)
#else
  if
  :: finished[0] > folded[0] -> merge(0)
  :: finished[1] > folded[1] -> merge(1)
  fi;
  merge_some(0);
  merge_some(1);
  if
  :: may_change -> changes = true
  :: true
  fi
#endif
}

inline publish() {
  version++;
  old_row[0] = row[0];
  old_row[1] = row[1];
  old_row_holds[0] = before[0];
  old_row_holds[1] = before[1];
  row[0] = folded[0];
  row[1] = folded[1]
}

inline fold() {
  before[0] = folded[0];
  before[1] = folded[1];
  merge_what_waits();
  if
  :: changes -> publish()
  :: else
  fi;
#ifdef SOLVER
  if
  :: changes -> fresh_updates = 0; is_evaluated[0] = false; is_evaluated[1] = false
  :: !changes && is_evaluated[0] && is_evaluated[1] -> stop = DONE
  :: else
  fi;
  may_change = false;
#endif
  changes = false;
  before[0] = 0;
  before[1] = 0;
  if
  :: FLOOR == CLOCKS -> stop = DONE
  :: else
  fi
}

active proctype owner() {
  byte stop;
  bool changes, may_change = true;
  byte before[2]; /* the folded vector before a fold */
  atomic {
#ifdef SOLVER
    may_change = false;
#endif
    publish();
    run network(0);
    run network(1);
    run worker(0);
    run worker(1)
  }
  do
  :: atomic {
       if
       :: stop == 0 && MAY_PUBLISH && MAY_FOLD -> fold()
       :: HAS_NEWS(0) || HAS_NEWS(1)
       fi;
       begin_words(0);
       begin_words(1)
     }
#ifdef INTERRUPTS
  :: stop == 0 -> stop = INTERRUPTED
#endif
#ifdef LEFT_EARLY
  :: stop != 0 && LAST_PUT(board[0].stop) != 0 && LAST_PUT(board[1].stop) != 0 -> break
#endif
  :: board[0].stop.here != 0 && board[1].stop.here != 0 && IS_IDLE(0) && IS_IDLE(1) -> break
  od;
  through++;
  through == 3;
  network_is_quiet = IS_IDLE(0) && IS_IDLE(1) && FLUSHED(board[0].clock) && FLUSHED(board[1].clock);
  assert(network_is_quiet)
}
