// A waveform (VCD) of all that `native_show` shows, as pysim writes it. Python writes the header and
// tells which bits each variable is; see vcd.py.

#include <charconv>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr u64 CYCLE_FS = 1000000000;

// The lines of a variable of text by its value, and the last one written.
struct Text {
  std::string said;
  std::unordered_map<u64, std::string> lines;
};

// Fields that are looked at together: those of a signal, or of a memory's row.
struct Group {
  u64 last;  // of its words
  size_t begin, end;
  size_t room;  // for the lines of all but text
};

// Words of the state that are values as they are: rows of memories.
struct Copy {
  u64 from, to, count;
};

// Tells `trace_say` the line of a text; gets its number.
typedef void (*Decode)(u64 text);

struct Trace {
  Output out;
  std::string clock, said;
  Decode decode;
  // The cycle and half of it that were written last; cycle 0 begins without an edge.
  u64 cycle = 0;
  bool high = false;
  std::vector<u64> values, before;
  std::vector<size_t> group_of;
  std::vector<Group> groups;
  std::vector<Field> fields;
  std::vector<Text> texts;
  std::vector<Copy> copies;
};

void put_time(Trace &t) {
  u64 half = t.cycle && !t.high ? CYCLE_FS / 2 : 0;
  char *out = room(t.out, 32), *end = out + 32;
  *out++ = '#';
  out = std::to_chars(out, end, t.cycle * CYCLE_FS + half).ptr;
  *out++ = '\n';
  extend(t.out, out);
}

void put_clock(Trace &t) {
  char *out = room(t.out, 1 + t.clock.size());
  *out = t.high ? '1' : '0';
  memcpy(out + 1, t.clock.data(), t.clock.size());
  extend(t.out, out + 1 + t.clock.size());
}

// The line of a variable of text.
const std::string &line_of(Trace &t, const Field &f) {
  if (f.width > 64) {
    t.decode(f.text);
    return t.said;
  }
  auto [known, is_new] = t.texts[f.text].lines.try_emplace(bits(t.values.data(), f, 0));
  if (is_new) {
    t.decode(f.text);
    known->second = t.said;
  }
  return known->second;
}

void put_text(Trace &t, const Field &f) {
  const std::string &line = line_of(t, f);
  std::string &said = t.texts[f.text].said;
  if (line != said) put(t.out, said = line);
}

// The line of a field that is no text.
inline char *put_field(char *out, const u64 *words, const Field &f) {
  out = put_value(out, words, f);
  memcpy(out, f.tail, sizeof f.tail);
  return out + f.tail_size;
}

void put_group(Trace &t, const Group &group) {
  const u64 *now = t.values.data(), *before = t.before.data();
  char *out = room(t.out, group.room);
  for (size_t number = group.begin; number < group.end; number++) {
    const Field &f = t.fields[number];
    if (!changed(now, before, f)) continue;
    if (f.kind != TEXT) {
      out = put_field(out, now, f);
      continue;
    }
    extend(t.out, out);
    put_text(t, f);
    out = room(t.out, group.room);
  }
  extend(t.out, out);
}

void show(Trace &t, const u64 *state) {
  native_show(const_cast<u64 *>(state), t.values.data());
  for (const Copy &c : t.copies)
    memcpy(t.values.data() + c.to, state + c.from, c.count * sizeof(u64));
}

// The first word from number `i` on that has changed, or `count`. Most have not: eight at a time.
inline u64 next_change(const u64 *now, const u64 *before, u64 i, u64 count) {
  for (; i + 8 <= count; i += 8) {
    const u64 *a = now + i, *b = before + i;
    u64 low = (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]);
    u64 high = (a[4] ^ b[4]) | (a[5] ^ b[5]) | (a[6] ^ b[6]) | (a[7] ^ b[7]);
    if (low | high) break;
  }
  while (i < count && now[i] == before[i]) i++;
  return i;
}

// Writes what has changed, at the time that has been written.
void put_changes(Trace &t, const u64 *state) {
  t.values.swap(t.before);
  show(t, state);
  const u64 *now = t.values.data(), *before = t.before.data();
  u64 count = t.group_of.size();
  for (u64 i = next_change(now, before, 0, count); i < count;) {
    const Group &group = t.groups[t.group_of[i]];
    put_group(t, group);
    i = next_change(now, before, group.last + 1, count);
  }
}

// The clock falls, half a cycle after the edge that began it.
void fall(Trace &t) {
  if (!t.high) return;
  t.high = false;
  put_time(t);
  put_clock(t);
}

// The edge that begins `cycle`.
void rise(Trace &t, const u64 *state, u64 cycle) {
  fall(t);
  t.cycle = cycle;
  t.high = true;
  put_time(t);
  put_clock(t);
  put_changes(t, state);
}

}  // namespace

extern "C" Trace *trace_new(int file, const char *clock, Decode decode) {
  Trace *t = new Trace;
  t->out.file = file;
  t->clock = std::string(clock) + "\n";
  t->decode = decode;
  return t;
}

// A group of the next `count` words of values, which `native_show` writes.
extern "C" void trace_group(Trace *t, u64 count) {
  t->group_of.insert(t->group_of.end(), count, t->groups.size());
  size_t next = t->fields.size();
  t->groups.push_back({t->group_of.size() - 1, next, next, 0});
}

// A variable of the last group, from bit `low` of all the words of values. Texts are numbered from 0.
extern "C" void trace_variable(Trace *t, u64 low, unsigned width, const char *code, int is_text) {
  u64 mask = width < 64 ? (1ull << width) - 1 : ~0ull;
  Field f = {FIELD, unsigned(low >> 6), unsigned(low & 63), width, mask};
  f.text = t->texts.size();
  if (is_text) {
    f.kind = TEXT;
    t->texts.push_back({});
  } else if (width == 1) {
    f.kind = BIT;
  } else if (f.shift + width > 64) {
    f.kind = WIDE;
  }
  std::string tail = (width > 1 ? " " : "") + std::string(code) + "\n";
  f.tail_size = tail.copy(f.tail, sizeof f.tail);
  t->fields.push_back(f);
  t->groups.back().end++;
  // Besides its digits there are a letter and the tail.
  t->groups.back().room += 1 + width + sizeof f.tail + MORE;
}

// `count` words of the state from `from` up are values from number `to` up.
extern "C" void trace_copy(Trace *t, u64 from, u64 to, u64 count) {
  t->copies.push_back({from, to, count});
}

// What `decode` was asked for: the line of the VCD.
extern "C" void trace_say(Trace *t, const char *line) { t->said = std::string(line) + "\n"; }

// The values of all words as they are now.
extern "C" const u64 *trace_values(Trace *t) { return t->values.data(); }

// Everything before this edge is in the file already.
extern "C" void trace_begin(Trace *t, const u64 *state, u64 cycle) {
  // One word more, for a variable that ends at a word's end.
  t->values.assign(t->group_of.size() + 1, 0);
  show(*t, state);
  t->before = t->values;
  t->cycle = cycle;
  t->high = cycle != 0;
  for (const Field &f : t->fields)
    if (f.kind == TEXT) t->texts[f.text].said = line_of(*t, f);
}

// Python has changed inputs or registers between two cycles: that shows at the clock's fall.
extern "C" void trace_touch(Trace *t, const u64 *state) {
  if (t->high) fall(*t);
  else put_time(*t);
  put_changes(*t, state);
}

// Hands over to the file what has been written so far.
extern "C" void trace_flush(Trace *t) { flush(t->out); }

// Ends the file half a cycle after the last edge; returns an `errno`.
extern "C" int trace_end(Trace *t) {
  t->high = false;
  put_time(*t);
  flush(t->out);
  int error = t->out.error;
  delete t;
  return error;
}

extern "C" int trace_error(Trace *t) { return t->out.error; }
