// What looks at the machine after every cycle: records of the retire port, a ring of recent states,
// and a waveform.

#include <vector>

namespace {

// Records after which a run ends, so that Python fetches them: event FULL.
constexpr size_t RECORDS = 4096;
constexpr u64 FULL = 5;

// A record is wanted if its word `field` is not less than `low` and not more than `high`.
struct Rule {
  u64 field, low, high;
};

struct Records {
  u64 size;  // words of a record behind its cycle
  std::vector<u64> words, fetched;
  std::vector<Rule> rules;  // it is enough to be wanted by one; all are if there is none
};

// `touched`: Python has changed the state since the last cycle.
struct Watch {
  Trace *trace;
  Ring *ring;
  Records *records;
  u64 touched;
};

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
  if (w.ring) {
    w.ring->touched |= w.touched;
    keep(*w.ring, m->state, m->cycle);
  }
  w.touched = false;
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
