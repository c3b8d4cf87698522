// What looks at the machine after every cycle: records of the retire port, a ring of recent states,
// and a waveform.

#include <vector>

namespace {

// Records after which a run ends, so that Python fetches them: event FULL.
constexpr size_t RECORDS = 4096;
constexpr u64 FULL = 5;

// States one after the other: `size` words of each, from `first` up, which is all that
// `native_show` reads. Before them there is room so that a state's own word 0 is in the array too.
struct Ring {
  std::vector<u64> words, cycles;
  size_t next = 0, count = 0;
  u64 first, size;
};

// A record is wanted if its word `field` is not less than `low` and not more than `high`.
struct Rule {
  u64 field, low, high;
};

struct Records {
  u64 size;  // words of a record behind its cycle
  std::vector<u64> words, fetched;
  std::vector<Rule> rules;  // it is enough to be wanted by one; all are if there is none
};

struct Watch {
  Trace *trace;
  Ring *ring;
  Records *records;
};

void keep(Ring &r, const u64 *state, u64 cycle) {
  u64 *place = r.words.data() + r.first + r.next * r.size;
  copy(place, state + r.first, r.size);
  r.cycles[r.next] = cycle;
  if (++r.next == r.cycles.size()) r.next = 0;
  if (r.count < r.cycles.size()) r.count++;
}

bool wanted(const Records &records, const u64 *record) {
  for (const Rule &rule : records.rules)
    if (rule.low <= record[rule.field] && record[rule.field] <= rule.high) return true;
  return records.rules.empty();
}

void take(Machine *m, Records &records) {
  const u64 *record = m->state + m->retire_at;
  if (!record[0] || !wanted(records, record)) return;
  records.words.push_back(m->cycle - 1);
  records.words.insert(records.words.end(), record, record + records.size);
  if (records.words.size() > RECORDS * (records.size + 1) && m->event == BUDGET) m->event = FULL;
}

void look(Machine *m) {
  Watch &w = *static_cast<Watch *>(m->watcher);
  if (w.ring) keep(*w.ring, m->state, m->cycle);
  if (w.trace) add(*w.trace, m->state, m->cycle);
  if (w.records) take(m, *w.records);
}

}  // namespace

// Makes `watch` what looks at the machine; nothing does if it has nothing to look for.
extern "C" void watch_set(Machine *m, Watch *watch) {
  m->watcher = watch;
  m->sparse = !watch->trace && !watch->ring;
  m->watch = watch->trace || watch->ring || watch->records ? look : nullptr;
}

extern "C" Ring *ring_new(u64 first, u64 size, u64 cycles) {
  Ring *r = new Ring;
  r->first = first;
  r->size = size;
  r->words.resize(first + size * cycles);
  r->cycles.resize(cycles);
  return r;
}

extern "C" void ring_keep(Ring *r, const u64 *state, u64 cycle) { keep(*r, state, cycle); }

extern "C" Ring *ring_copy(const Ring *r) { return new Ring(*r); }

extern "C" void ring_free(Ring *r) { delete r; }

extern "C" u64 ring_count(Ring *r) { return r->count; }

// State `number` of those that are kept, from the oldest; its cycle goes to `cycle`.
extern "C" const u64 *ring_state(Ring *r, u64 number, u64 *cycle) {
  size_t capacity = r->cycles.size();
  size_t slot = (r->next + capacity - r->count + number) % capacity;
  *cycle = r->cycles[slot];
  return r->words.data() + slot * r->size;
}

// Writes states from `first` up to, not including, `last` of those that are kept.
extern "C" void ring_write(Ring *r, Trace *t, u64 first, u64 last) {
  for (u64 number = first, cycle; number < last; number++) {
    const u64 *state = ring_state(r, number, &cycle);
    add(*t, state, cycle);
  }
}

extern "C" Records *records_new(u64 size) { return new Records{size, {}, {}, {}}; }

// From now on only such records are taken.
extern "C" void records_rule(Records *r, const Rule *rules, u64 count) {
  r->rules.assign(rules, rules + count);
}

extern "C" void records_free(Records *r) { delete r; }

// How many words have been taken since the last time, and where they are until the next.
extern "C" u64 records_fetch(Records *r, const u64 **words) {
  r->fetched.swap(r->words);
  r->words.clear();
  *words = r->fetched.data();
  return r->fetched.size();
}
