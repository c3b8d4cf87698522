// A ring of recent states. It keeps one of many, and of the cycles that follow what the bus has driven:
// the others are computed again when they are asked for.

#include <deque>
#include <vector>

namespace {

// Cycles between two states that are kept whole, unless Python changes one before.
constexpr size_t STRETCH = 256;

// Words of the state that the bus drives: four of each port, and the time.
constexpr int DRIVEN = 4 * PORTS + 1;

struct Cycle {
  u64 number, driven[DRIVEN];
};

// A state, and the cycles from the one that it begins on.
struct Stretch {
  std::vector<u64> state;
  std::vector<Cycle> cycles;
};

// The oldest stretch may begin before the oldest cycle that is kept. A state has `words` words, which
// all follow from `size` of them, from `first` up; word `stale`, if there is one, has to say so.
struct Ring {
  u64 first, size, words, stale, capacity;
  u64 driven_at[DRIVEN];
  std::deque<Stretch> stretches;
  // Cycles in all of them, and whether the next one needs a state of its own.
  u64 count = 0;
  bool touched = true;
  // The state that was asked for last, and of which cycle of which stretch it is.
  std::vector<u64> state;
  const Stretch *shown = nullptr;
  size_t at = 0;
};

void begin_stretch(Ring &r, const u64 *state) {
  Stretch next;
  while (!r.stretches.empty() && r.count - r.stretches.front().cycles.size() >= r.capacity) {
    next = std::move(r.stretches.front());
    r.stretches.pop_front();
    r.count -= next.cycles.size();
    r.shown = nullptr;
  }
  next.state.resize(r.size);
  copy(next.state.data(), state + r.first, r.size);
  next.cycles.clear();
  next.cycles.reserve(STRETCH);
  r.stretches.push_back(std::move(next));
  r.touched = false;
}

void keep(Ring &r, const u64 *state, u64 number) {
  if (r.touched || r.stretches.back().cycles.size() == STRETCH) begin_stretch(r, state);
  Cycle cycle = {number};
  for (int i = 0; i < DRIVEN; i++) cycle.driven[i] = state[r.driven_at[i]];
  r.stretches.back().cycles.push_back(cycle);
  r.count++;
}

u64 kept(const Ring &r) { return r.count < r.capacity ? r.count : r.capacity; }

// The stretch with a cycle, which is `number` from the oldest that is kept, and then from its first.
const Stretch &find(const Ring &r, u64 &number) {
  number += r.count - kept(r);
  auto stretch = r.stretches.begin();
  for (; number >= stretch->cycles.size(); stretch++) number -= stretch->cycles.size();
  return *stretch;
}

// Computes a state again.
const u64 *state_at(Ring &r, const Stretch &stretch, size_t number) {
  if (r.shown != &stretch || r.at > number) {
    r.state.resize(r.words);
    copy(r.state.data() + r.first, stretch.state.data(), r.size);
    if (r.stale != NOWHERE) r.state[r.stale] = ~0ull;
    r.shown = &stretch;
    r.at = 0;
  }
  while (r.at < number) {
    native_step(r.state.data(), r.state.data());
    const Cycle &cycle = stretch.cycles[++r.at];
    for (int i = 0; i < DRIVEN; i++) r.state[r.driven_at[i]] = cycle.driven[i];
  }
  return r.state.data();
}

}  // namespace

// For the states of a machine; see `Ring`.
extern "C" Ring *ring_new(
    const Machine *m, u64 first, u64 size, u64 words, u64 stale, u64 capacity) {
  Ring *r = new Ring{first, size, words, stale, capacity};
  u64 *at = r->driven_at;
  for (const Port &p : m->port)
    for (u64 place : {p.ready_at, p.valid_at, p.data_at, p.error_at}) *at++ = place;
  *at = m->time_at;
  return r;
}

// Keeps a state that need not follow from the one before.
extern "C" void ring_keep(Ring *r, const u64 *state, u64 cycle) {
  r->touched = true;
  keep(*r, state, cycle);
}

// A ring with the same states, of which a machine that goes on from anywhere can go on.
extern "C" Ring *ring_copy(const Ring *r) {
  Ring *copy = new Ring(*r);
  copy->touched = true;
  copy->shown = nullptr;
  return copy;
}

extern "C" void ring_free(Ring *r) { delete r; }

extern "C" u64 ring_count(const Ring *r) { return kept(*r); }

// The cycle of state `number` of those that are kept, from the oldest.
extern "C" u64 ring_cycle(const Ring *r, u64 number) {
  const Stretch &stretch = find(*r, number);
  return stretch.cycles[number].number;
}

// That state, until another one is asked for.
extern "C" const u64 *ring_state(Ring *r, u64 number) {
  const Stretch &stretch = find(*r, number);
  return state_at(*r, stretch, number);
}

// Writes states from `first` up to, not including, `last` of those that are kept.
extern "C" void ring_write(Ring *r, Trace *t, u64 first, u64 last) {
  for (u64 number = first; number < last; number++)
    add(*t, ring_state(r, number), ring_cycle(r, number));
}
