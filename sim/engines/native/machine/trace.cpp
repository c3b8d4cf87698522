// A waveform (VCD) that is being written. Python writes the header and tells which bits each variable
// is; see vcd.py.

namespace {

// Tells `trace_say` the line of a text; gets its number.
typedef void (*Decode)(u64 text);

// `asked` are the values in which Python is to look for a text, and `said` is what it says. `now` is
// the time of the last lines, of those on their way, too.
struct Trace {
  Shown shown;
  Output out;
  Decode decode;
  const u64 *asked = nullptr;
  std::string said;
  Time now;
  std::unique_ptr<Chunks> chunks;
};

const std::string &decoded(void *trace, u64 text, const u64 *values) {
  Trace &t = *static_cast<Trace *>(trace);
  t.asked = values;
  t.decode(text);
  return t.said;
}

Maker maker(Trace &t) { return {t.shown, decoded, &t}; }

// The lines of a state are to be made, at the edge that begins `cycle` or where it was TOUCHED.
void add(Trace &t, const u64 *state, u64 cycle) {
  Chunks &c = *t.chunks;
  Chunk &chunk = place_of(c, c.filled).chunk;
  chunk.cycles.push_back(cycle);
  put_state(t.shown, chunk, state);
  t.now = cycle == TOUCHED ? Time{t.now.cycle, false} : Time{cycle, true};
  if (chunk.cycles.size() < c.capacity) return;
  Maker m = maker(t);
  hand_over(c, m);
  begin_chunk(c, state, t.now);
}

// Everything is in the file.
void drain(Trace &t) {
  Chunks &c = *t.chunks;
  Chunk &chunk = place_of(c, c.filled).chunk;
  Maker m = maker(t);
  if (!chunk.cycles.empty()) {
    const u64 *last = state_of(t.shown, chunk, chunk.cycles.size());
    hand_over(c, m);
    begin_chunk(c, last, t.now);
  }
  wait_for(c, m, 0);
}

}  // namespace

// A waveform to `file`, computed from `size` words of states, from `first` up; besides who calls there
// are so many `helpers`.
extern "C" Trace *trace_new(
    int file, const char *clock, Decode decode, u64 first, u64 size, u64 helpers) {
  Trace *t = new Trace{{first, size, std::string(clock) + "\n"}, {file}, decode};
  t->chunks.reset(new Chunks(t->shown, file, helpers));
  return t;
}

// A group of the next `count` words of values, which `native_show` writes.
extern "C" void trace_group(Trace *t, u64 count) {
  Shown &s = t->shown;
  s.group_of.insert(s.group_of.end(), count, s.groups.size());
  s.groups.push_back({s.fields.size(), s.fields.size()});
}

// A variable of the last group, from bit `low` of all the words of values. Texts are numbered from 0.
extern "C" void trace_variable(Trace *t, u64 low, unsigned width, const char *code, int is_text) {
  Shown &s = t->shown;
  Field f = {};
  f.index = low >> 6;
  f.shift = low & 63;
  f.width = width;
  f.split = f.shift + width > 64;
  f.kind = is_text ? TEXT : width == 1 ? BIT : f.split ? WIDE : FIELD;
  if (is_text) {
    f.text = s.texts.size();
    s.texts.emplace_back();
    if (width <= SHORT) s.texts.back().table.reset(new std::atomic<const std::string *>[1 << width]());
  } else {
    std::string tail = (width > 1 ? " " : "") + std::string(code) + "\n";
    f.tail_size = tail.copy(f.tail, sizeof f.tail);
  }
  s.fields.push_back(f);
  s.groups.back().end++;
}

// `count` words of the state from `from` up are values from number `to` up.
extern "C" void trace_copy(Trace *t, u64 from, u64 to, u64 count) {
  t->shown.copies.push_back({from, to, count});
}

// What `decode` was asked for: the line of the VCD.
extern "C" void trace_say(Trace *t, const char *line) { t->said = std::string(line) + "\n"; }

// The values of all words, of which `decode` is asked for a text.
extern "C" const u64 *trace_values(Trace *t) { return t->asked; }

// Everything before this edge is in the file already.
extern "C" void trace_begin(Trace *t, const u64 *state, u64 cycle) {
  t->now = {cycle, cycle != 0};
  begin_chunk(*t->chunks, state, t->now);
  Maker m = maker(*t);
  start(m, state);
  for (const Field &f : t->shown.fields)
    if (f.kind == TEXT) line_of(m, f, m.now.data());
}

// Python has changed inputs or registers between two cycles: that shows at the clock's fall.
extern "C" void trace_touch(Trace *t, const u64 *state) { add(*t, state, TOUCHED); }

// Hands over to the file what has been written so far.
extern "C" void trace_flush(Trace *t) { drain(*t); }

// Ends the file half a cycle after the last edge; returns an `errno`.
extern "C" int trace_end(Trace *t) {
  drain(*t);
  end(*t->chunks);
  t->out.error = t->chunks->error;
  t->now.high = false;
  put_time(t->out.text, t->now);
  flush(t->out);
  int error = t->out.error;
  delete t;
  return error;
}

// An `errno`, as soon as one is known.
extern "C" int trace_error(Trace *t) {
  std::lock_guard<std::mutex> lock(t->chunks->mutex);
  return t->chunks->error;
}
