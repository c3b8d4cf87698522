// Accesses that are to go wrong, as `Refusal` of sim/platform/bus.py (rule 9).

namespace {

// sim/config.py knows the same number.
constexpr u64 REFUSALS = 16;

// `cycle` is ~0 before that.
struct Refusal {
  u64 address, nth, seen, cycle, source, write;
};

struct Refusals {
  Refusal of[REFUSALS];
  u64 count;
};

// Counts an access; whether it is to go wrong.
__attribute__((noinline)) bool refuse(Refusals &r, u64 address, u64 source, u64 write, u64 cycle) {
  bool wrong = false;
  for (u64 number = 0; number < r.count; number++) {
    Refusal &f = r.of[number];
    if (f.address >> 3 != address >> 3 || ++f.seen != f.nth) continue;
    f.cycle = cycle;
    f.source = source;
    f.write = write;
    wrong = true;
  }
  return wrong;
}

}  // namespace
