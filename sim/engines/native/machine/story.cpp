// What a page fault is told by, to the cycle as sim/engines/story.py says: look-ups that missed or
// were refused, with the entries that the walker read for them, and the way of a trap from user mode
// and back.

#include <string.h>

namespace {

constexpr int SIDES = 2;
constexpr u64 READS = 3, NOWHERE = ~0ull, CSR_SATP = 0x180, SRET = 0x10200073, MRET = 0x30200073;

// A read of a page-table entry, at the cycle in which memory took it.
struct Read {
  u64 cycle, address, value, level;
};

// A look-up that was not answered at once, or was refused. `answered` is 0 as long as it goes on.
struct Lookup {
  u64 asked, answered, va, fault, count;
  Read reads[READS];
};

// The way of the last trap from user mode, and of the last return to it, in cycles.
struct Passage {
  u64 raised, entered, left, back, returned;
};

struct Story {
  // First of the words of the probe, or NOWHERE; of the words insn, intr, csr_addr, csr_wmask.
  u64 probe_at, handler_at;
  u64 asking[SIDES];
  // What is looked up now; what was refused last, and before that, since the last trap or return;
  // the first that has ended since the last return.
  Lookup now[SIDES], refused[SIDES], older[SIDES], first[SIDES];
  Passage passage;
  // The last write of `satp`.
  u64 satp;
};

// A walk as far as it has come, for walks.cpp. `probe_at` is the first of the words of its probe, or
// NOWHERE; bit N of `known` says that the entry of level N has been read, and `last` is the level of
// the last; `cached` is the page table that the walk cache has learnt, if it `caches` one;
// `written_at` is the cycle of a write, 0 for none.
struct Walk {
  u64 probe_at, active, begun, side, access, priv, sum, mxr, adue, asid, va, root, last;
  u64 known, caches, cached, written_at, written;
  Read reads[READS];
};

// Words of the probe.
struct Probe {
  struct {
    u64 miss, fault, va;
  } side[SIDES];
  u64 read, of, level;
};

void begin(Story &s, int side, u64 cycle, u64 va) {
  s.now[side] = Lookup{cycle, 0, va, 0, 0, {}};
  s.asking[side] = 1;
}

void end(Story &s, int side, u64 cycle) {
  Lookup &l = s.now[side];
  if (!l.answered) l.answered = cycle;
  if (!s.first[side].answered && l.asked >= s.passage.returned) s.first[side] = l;
  s.asking[side] = 0;
}

void look_up(Story &s, int side, const Probe &p, u64 cycle) {
  bool miss = p.side[side].miss, refused = p.side[side].fault, asks = miss || refused;
  Lookup &l = s.now[side];
  if (s.asking[side] && !(asks && l.va == p.side[side].va && !(l.answered && miss)))
    end(s, side, cycle);
  if (asks && !s.asking[side]) begin(s, side, cycle, p.side[side].va);
  if (refused && !l.answered) {
    l.answered = cycle;
    l.fault = p.side[side].fault;
    s.older[side] = s.refused[side];
    s.refused[side] = l;
  }
}

// What was refused of the instruction that raises an exception at `va`. A younger one may have been
// refused since: it waits in the execute stage, and there is only one.
const Lookup &refused(const Story &s, int side, u64 va) {
  const Lookup &older = s.older[side];
  return older.answered && older.va == va ? older : s.refused[side];
}

// What was refused so far leads to no exception any more.
void forget(Story &s) {
  for (int side = 0; side < SIDES; side++) s.refused[side] = s.older[side] = Lookup{};
}

void read_entry(Story &s, const Probe &p, u64 cycle, u64 address, u64 value) {
  Lookup &l = s.now[p.of];
  if (l.count && p.level >= l.reads[l.count - 1].level) {  // the walk begins anew
    memset(l.reads, 0, sizeof l.reads);
    l.count = 0;
  }
  l.reads[l.count++] = Read{cycle, address, value, p.level};
}

// An instruction of a handler retires.
void handle(Story &s, const u64 *state, u64 cycle) {
  const u64 *r = state + s.handler_at;
  u64 insn = r[0], intr = r[1], csr = r[2], written = r[3];
  Passage &p = s.passage;
  if (intr) {
    if (p.raised <= p.returned) p.raised = cycle;  // an interrupt
    p.entered = cycle;
    forget(s);
    p.left = 0;
  }
  if (csr == CSR_SATP && written) {
    s.satp = cycle;
    if (!p.left) p.left = cycle;
  }
  if (insn == SRET || insn == MRET) {
    p.back = s.satp;
    p.returned = cycle;
    s.first[0] = s.first[1] = Lookup{};
    // That of where it returns to may have begun before; of that only the rest comes after it.
    if (s.asking[0] && !s.now[0].answered) s.now[0].asked = cycle;
    forget(s);
  }
}

}  // namespace
