/* Rows: a ring of slots, the newest word, and the acceptance test (ps/row.hpp).
 *
 * Shown: no torn row is accepted; an accepted row is of the version that its reader asked for; versions never fall;
 * the reader gets the last version, and all come to their ends.
 *
 *   here                                                 in the code
 *   owner: waits until the newest words are known        ps/shard.cpp Shard::may_publish
 *   owner: writes the slot's words, in any order         ps/row.cpp RowPublisher::publish
 *   owner: pushes the newest word to each board          ps/owner_push.cpp OwnerPush::begin_words, flushed_newest
 *   reader: loads the newest word                        ps/row.cpp RowReader::newest, refresh
 *   reader: reads the slot's words, in any order         RowReader::fetch: one get or two
 *   reader: loads the newest word again, and accepts     RowReader::fetch
 *
 * A row is three words, the slot's header and two of payload. Each holds the version that it is of, and is written
 * and read by itself while all else goes on. Slots are the owner's own memory: it stores there, readers get from
 * there.
 *
 * Bounds: four slots, as in the code; 9 versions, which fill each slot twice and one a third time; two boards. There
 * is one reader, on either board: readers do nothing that others see, so what holds for it holds for each of many,
 * and the second board is there because the owner must wait for both.
 *
 * With STORES operations are loads and stores, as over shared memory. A flush then waits for nothing, and all that
 * it promises is the order of this thread's stores (transport.hpp). A load may bring anything that the word has held
 * since the last store that the reader must know of: because it has loaded it, or because it has loaded something
 * that was stored later (release and acquire, base/words.hpp). `sees` is the newest word that the reader must know
 * of. Where a flush ends when it is acknowledged, and the word is on its way to the reader's memory still, there is
 * no more to go by either: what a get brings from after the flush lands behind that word (promise R of
 * ARCHITECTURE.md). All that such a transport can do, STORES can.
 *
 * Left out: rows that grow (a second get reads its words later, which is allowed here to any word); several rows,
 * whose words are in one block and are waited for together; a replay's reads, which hold their slot
 * (ps/fold_script.hpp).
 *
 * Broken on purpose:
 *   SLOT_REUSED_EARLY    the owner does not wait for the newest words
 *   ONE_READER_AWAITED   the owner waits for those of one board only
 *   ACCEPTED_TOO_LATE    the acceptance test lets one version more pass
 *   TESTED_BEFORE_GET    the newest word is looked at before the get is complete
 *   WORD_BEFORE_SLOT     the newest word is pushed before the slot is written
 *   NO_ACQUIRE           STORES: the look at the newest word may come before what the get loads
 *   LATER_GETS_ONLY      STORES: a word is known after gets that began when it was flushed, not after those that only
 *                        brought what was written then
 */
#include "network.pml"

#define SLOTS 4
#define VERSIONS 9
#define WORDS 3
#define ALL 7 /* the words of a slot, a bit each */

#ifdef ACCEPTED_TOO_LATE
#define MOST_BEHIND (SLOTS - 1)
#else
#define MOST_BEHIND (SLOTS - 2)
#endif

Word newest[2];           /* on the boards */
byte slot[SLOTS * WORDS]; /* by word, the version that it is of */
#define WORD_OF(version, i) slot[((version) % SLOTS) * WORDS + (i)]

bool row_is_whole = true, versions_rise = true;

#ifdef STORES
#define TELL(board) newest[board].here = version
#else
#define TELL(board) put(newest[board], version)
#endif
#define KNOWS(board) (told[board] == version && FLUSHED(newest[board]))

#if defined(SLOT_REUSED_EARLY)
#define MAY_PUBLISH true
#elif defined(ONE_READER_AWAITED)
#define MAY_PUBLISH KNOWS(1)
#else
#define MAY_PUBLISH (KNOWS(0) && KNOWS(1))
#endif

#ifdef WORD_BEFORE_SLOT
#define MAY_PUSH true
#else
#define MAY_PUSH (stored == ALL)
#endif

inline store(i) { atomic { !(stored & (1 << i)) -> WORD_OF(version, i) = version; stored = stored | (1 << i) } }

/* At most one push is under way to a board, and it carries the latest version. */
inline push(board) {
  atomic { MAY_PUSH && told[board] < version && FLUSHED(newest[board]) -> told[board] = version; TELL(board) }
}

active proctype owner() {
  byte version, stored = ALL;
  byte told[2];
  do
  :: atomic { stored == ALL && version < VERSIONS && MAY_PUBLISH -> version++; stored = 0 }
  :: store(0)
  :: store(1)
  :: store(2)
  :: push(0)
  :: push(1)
  :: stored == ALL && version == VERSIONS && KNOWS(0) && KNOWS(1) -> break
  od
}

active proctype network() {
end:
  do
  :: land(newest[0])
  :: land(newest[1])
  od
}

/* word = what a load of the newest word brings that is known to bring `least` or more. */
#ifdef STORES
inline load_newest(least) {
  word = newest[me].here;
  do
  :: word > sees && word > least -> word--
  :: break
  od;
  sees = word
}
#else
inline load_newest(least) { word = newest[me].here }
#endif

/* One word of the slot of version v. */
inline read(i) {
  atomic {
    !(got & (1 << i)) -> got = got | (1 << i);
    word = WORD_OF(v, i);
#ifdef STORES
    do
    :: word > sees -> word = word - SLOTS /* what the slot held before, which it may be too early to know */
    :: break
    od;
#if !defined(NO_ACQUIRE) && !defined(LATER_GETS_ONLY)
    if
    :: word > sees + 1 -> sees = word - 1 /* stored after the newest words of the version before */
    :: else
    fi;
#endif
#endif
    is_torn = is_torn || word != v;
    word = 0
  }
}

active proctype reader() {
  byte me, v, got, word, accepted;
  bool is_torn;
#ifdef STORES
  byte sees, flushed;
#endif
  if
  :: me = 0
  :: me = 1
  fi;
  do
  :: accepted < VERSIONS ->
     atomic { /* a second try at one version could only end as the first */
       newest[me].here > v -> load_newest(v + 1);
       v = word;
#ifdef LATER_GETS_ONLY
       flushed = newest[me].here;
#endif
       word = 0
     }
#ifdef TESTED_BEFORE_GET
     atomic { load_newest(v) }
#endif
     do
     :: read(0)
     :: read(1)
     :: read(2)
     :: got == ALL -> break
     od;
     atomic {
       got = 0;
#ifdef LATER_GETS_ONLY
       sees = flushed;
       flushed = 0;
#endif
#ifndef TESTED_BEFORE_GET
       load_newest(v);
#endif
       if
       :: word <= v + MOST_BEHIND ->
          row_is_whole = !is_torn;
          assert(row_is_whole);
          versions_rise = v > accepted;
          assert(versions_rise);
          accepted = v
       :: else
       fi;
       word = 0;
       is_torn = false
     }
  :: else -> break
  od
}
