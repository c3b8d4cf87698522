// The lines of a waveform (VCD): of all that `native_show` shows, as pysim writes it. Any thread can
// make those of a chunk, which has the states that they are made of.

#include <atomic>
#include <charconv>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr u64 CYCLE_FS = 1000000000;

// Bits of a text whose lines all threads find in a table, by its value.
constexpr unsigned SHORT = 8;

// The lines of a variable of text, as far as they are known. Of a text that is not short they are for
// the thread only that can ask for more; of one longer than a word it keeps the last.
struct Text {
  std::unique_ptr<std::atomic<const std::string *>[]> table;
  std::deque<std::string> in_table;
  std::unordered_map<u64, std::string> by_value;
  std::vector<u64> last;
  std::string last_line;
};

// Fields of the same words: those of a signal, or of a memory's row.
struct Group {
  u64 begin, end;
};

// Words of the state that are values as they are: rows of memories.
struct Copy {
  u64 from, to, count;
};

// What a waveform shows. Its values are computed from `size` words of the state, from `first` up.
struct Shown {
  u64 first, size;
  std::string clock;
  std::vector<u64> group_of;  // by word of the values
  std::vector<Group> groups;
  std::vector<Field> fields;
  std::vector<Text> texts;
  std::vector<Copy> copies;
};

// The cycle, and the half of it, that lines are of; cycle 0 begins without an edge.
struct Time {
  u64 cycle = 0;
  bool high = false;
};

// Instead of the number of a cycle: Python has changed something between two.
constexpr u64 TOUCHED = ~0ull;

// States one behind the other, and the cycles that they begin; the first one, at the time `begin`, has
// been written. Before them there is room so that a state's own word 0 is in the array, too.
struct Chunk {
  std::vector<u64> states, cycles;
  Time begin;
  Characters text;
};

const u64 *state_of(const Shown &shown, const Chunk &chunk, size_t number) {
  return chunk.states.data() + number * shown.size;
}

// What a thread makes lines with. `ask` tells the line of a text's value among `now` or `before`;
// without it lines may be `missing`, and what is made is of no use then.
struct Maker {
  Shown &shown;
  const std::string &(*ask)(void *asked, u64 text, const u64 *values);
  void *asked;
  std::vector<u64> now, before, changed;
  u64 found = 0;  // fields that have changed, at the beginning of `changed`
  bool missing = false;
};

void put_time(Characters &out, const Time &time) {
  u64 half = time.cycle && !time.high ? CYCLE_FS / 2 : 0;
  char *next = room(out, 32), *end = next + 32;
  *next++ = '#';
  next = std::to_chars(next, end, time.cycle * CYCLE_FS + half).ptr;
  *next++ = '\n';
  extend(out, next);
}

void put_clock(Characters &out, const Shown &shown, bool high) {
  char *next = room(out, 1 + shown.clock.size());
  *next = high ? '1' : '0';
  memcpy(next + 1, shown.clock.data(), shown.clock.size());
  extend(out, next + 1 + shown.clock.size());
}

const std::string &ask(Maker &m, const Field &f, const u64 *values) {
  return m.ask(m.asked, f.text, values);
}

// The line of a text that is longer than a word.
const std::string &long_line(Maker &m, const Field &f, const u64 *values) {
  Text &text = m.shown.texts[f.text];
  std::vector<u64> value;
  for (u64 low = 0; low < f.width; low += 64) value.push_back(bits(values, f, low));
  if (value != text.last) {
    text.last_line = ask(m, f, values);
    text.last = value;
  }
  return text.last_line;
}

// The line of a variable of text, or null: who makes it cannot ask.
const std::string *line_of(Maker &m, const Field &f, const u64 *values) {
  Text &text = m.shown.texts[f.text];
  if (f.width <= SHORT) {
    std::atomic<const std::string *> &place = text.table[bits(values, f, 0)];
    const std::string *line = place.load(std::memory_order_acquire);
    if (line || !m.ask) return line;
    text.in_table.push_back(ask(m, f, values));
    place.store(&text.in_table.back(), std::memory_order_release);
    return &text.in_table.back();
  }
  if (!m.ask) return nullptr;
  if (f.width > 64) return &long_line(m, f, values);
  auto [known, is_new] = text.by_value.try_emplace(bits(values, f, 0));
  if (is_new) known->second = ask(m, f, values);
  return &known->second;
}

// Values that have the same line are not told apart.
void put_text(Maker &m, Characters &out, const Field &f) {
  const std::string *before = line_of(m, f, m.before.data());
  std::string kept;
  if (before && f.width > 64) before = &(kept = *before);
  const std::string *line = line_of(m, f, m.now.data());
  if (!before || !line) m.missing = true;
  else if (line != before && *line != *before) put(out, *line);
}

// The line of a field that is no text.
inline char *put_field(char *out, const u64 *words, const Field &f) {
  out = put_value(out, words, f);
  memcpy(out, f.tail, sizeof f.tail);
  return out + f.tail_size;
}

void show(Maker &m, const u64 *state) {
  native_show(const_cast<u64 *>(state), m.now.data());
  for (const Copy &c : m.shown.copies)
    memcpy(m.now.data() + c.to, state + c.from, c.count * sizeof(u64));
}

// Of 64 words, or `count` if there are no more, a bit for each that has changed.
inline u64 changes(const u64 *now, const u64 *before, u64 count) {
  u64 found = 0, i = 0;
#ifdef __AVX2__
  for (; i + 4 <= count && i < 64; i += 4) {
    __m256i one = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(now + i));
    __m256i other = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(before + i));
    __m256d same = _mm256_castsi256_pd(_mm256_cmpeq_epi64(one, other));
    found |= u64(~_mm256_movemask_pd(same) & 15) << i;
  }
#endif
  for (; i < count && i < 64; i++) found |= u64(now[i] != before[i]) << i;
  return found;
}

// Finds the fields that have changed, in order. It is done without a branch for each: which have is as
// good as chance.
void find_changes(Maker &m) {
  const u64 *now = m.now.data(), *before = m.before.data();
  const Group *groups = m.shown.groups.data(), *known = nullptr;
  const Field *fields = m.shown.fields.data();
  u64 count = m.shown.group_of.size(), found = 0;
  u64 *list = m.changed.data();
  for (u64 low = 0; low < count; low += 64) {
    u64 words = changes(now + low, before + low, count - low);
    for (; words; words &= words - 1) {
      const Group *group = groups + m.shown.group_of[low + __builtin_ctzll(words)];
      if (group == known) continue;
      known = group;
      for (u64 number = group->begin; number < group->end; number++) {
        list[found] = number;
        found += changed(now, before, fields[number]);
      }
    }
  }
  m.found = found;
}

// Writes what has changed, at the time that has been written.
void put_changes(Maker &m, Characters &text, const u64 *state) {
  m.now.swap(m.before);
  show(m, state);
  find_changes(m);
  const u64 *now = m.now.data(), *list = m.changed.data(), *end = list + m.found;
  for (; list < end; list++) {
    const Field &f = m.shown.fields[*list];
    if (f.kind == TEXT) put_text(m, text, f);
    else extend(text, put_field(room(text, room_for(f)), now, f));
  }
}

// The clock falls, half a cycle after the edge that began it.
void fall(const Shown &shown, Characters &out, Time &time) {
  if (!time.high) return;
  time.high = false;
  put_time(out, time);
  put_clock(out, shown, false);
}

// The edge that begins a cycle; or what Python has changed, which shows at the clock's fall.
void put_edge(const Shown &shown, Characters &out, Time &time, u64 cycle) {
  if (cycle == TOUCHED && !time.high) return put_time(out, time);
  fall(shown, out, time);
  if (cycle == TOUCHED) return;
  time = {cycle, true};
  put_time(out, time);
  put_clock(out, shown, true);
}

// Makes room for values, and gives them those of a state.
void start(Maker &m, const u64 *state) {
  // One word more, for a variable that ends at a word's end.
  m.now.resize(m.shown.group_of.size() + 1);
  m.before.resize(m.now.size());
  m.changed.resize(m.shown.fields.size() + 1);
  show(m, state);
}

// Makes all lines of a chunk; false if one of a text is missing.
bool make_lines(Maker &m, Chunk &chunk) {
  m.missing = false;
  chunk.text.used = 0;
  start(m, state_of(m.shown, chunk, 0));
  Time time = chunk.begin;
  for (size_t number = 0; number < chunk.cycles.size() && !m.missing; number++) {
    put_edge(m.shown, chunk.text, time, chunk.cycles[number]);
    put_changes(m, chunk.text, state_of(m.shown, chunk, number + 1));
  }
  return !m.missing;
}

}  // namespace
