/* One-sided communication for the models: as bad as the contract of transport/transport.hpp allows.
 *
 * A Word is an aligned word of 8 bytes that one peer puts and another loads. What is put is under way until it
 * lands, at any later time. A put of several words is so many puts of one, since longer puts may be seen in part and
 * in any order. What is under way lands in any order, two puts of one word too, but for
 *   - a flush, which completes when earlier puts are visible: FLUSHED of every word that it covers;
 *   - an ordered put, which starts when earlier puts are visible: lane.pml, whose is the only one.
 * A get reads its words one by one, in any order: row.pml, whose gets are the only ones of more than a word.
 *
 * The code has flushes wait for more than the models ask of them (all earlier puts to the peer), which orders more.
 *
 * No word of ps/wire_layout.hpp ever falls: tails, heads, newest versions, floors, clocks, stop. land() asserts it.
 */
typedef Word {
  byte here;   /* what a load brings */
  byte flying; /* puts of it under way, at most 2 */
  byte value, other;
}
#define FLUSHED(word) (word.flying == 0)

byte landing;
bool words_rise = true;

inline put(word, what) {
  d_step {
    assert(word.flying < 2);
    if
    :: word.flying == 0 -> word.value = what
    :: else -> word.other = what
    fi;
    word.flying++
  }
}

/* Executable where a put is under way. */
inline land(word) {
  atomic {
    if
    :: word.flying > 0 -> landing = word.value; word.value = word.other
    :: word.flying > 1 -> landing = word.other
    fi;
    word.other = 0;
    word.flying--;
    words_rise = landing >= word.here;
    assert(words_rise);
    word.here = landing;
    landing = 0
  }
}

inline put_if_news(word, what) {
  if
  :: word.here != what -> put(word, what)
  :: else
  fi
}
