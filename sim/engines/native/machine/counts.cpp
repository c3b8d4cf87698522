// How often the events of the hart happen; sim/engines/counts.py.

namespace {

constexpr u64 EVENTS = 64;

// `events_at` is the word of the state with a bit for each event, or NOWHERE: nothing is counted.
struct Counts {
  u64 events_at;
  u64 of[EVENTS];
};

// What happens in so many equal cycles.
inline void count(Counts &c, const u64 *state, u64 cycles) {
  if (c.events_at == NOWHERE) return;
  for (u64 events = state[c.events_at]; events; events &= events - 1)
    c.of[__builtin_ctzll(events)] += cycles;
}

}  // namespace
