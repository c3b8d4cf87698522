// Page-table walks, a line of CSV for each, to the byte as sim/engines/walks.py says.

namespace {

const char *const SIDE_NAMES[] = {"fetch", "data", "update"};
const char *const ACCESS_NAMES[] = {"fetch", "load", "store", "", "", "lr", "sc", "amo"};
const char *const VERDICT_NAMES[] = {"found", "page_fault", "access_fault", "update", "squashed"};
// Of a Translation: the page number, then the level, then the flags.
constexpr int PPN_BITS = 44, LEVEL_BITS = 2;
constexpr u64 PPN_MASK = (1ull << PPN_BITS) - 1, LEVEL_MASK = (1 << LEVEL_BITS) - 1;

// Words of the probe; walks.py has the same order.
struct WalkProbe {
  u64 begins, access, priv, sum, mxr, adue, asid, root, va, ends, verdict;
  u64 fills, page, caches, writes, side, read, level, data;
};

// Each with a comma behind it.
char *put_name(char *out, const char *name) {
  out = put_text(out, name, strlen(name));
  *out++ = ',';
  return out;
}

char *put_number(char *out, u64 value) {
  out = std::to_chars(out, out + 20, value).ptr;
  *out++ = ',';
  return out;
}

// As Python's `hex`.
char *put_cell(char *out, u64 value) {
  out = put_text(out, "0x", 2);
  out = put_hex(out, value, value ? (67 - __builtin_clzll(value)) / 4 : 1);
  *out++ = ',';
  return out;
}

void put_walk(Output &o, const Walk &w, const WalkProbe &p, u64 cycle) {
  char *out = room(o, LINE);
  out = put_number(put_number(out, w.begun), cycle);
  out = put_name(put_name(out, SIDE_NAMES[w.side]), ACCESS_NAMES[w.access]);
  for (u64 value : {w.priv, w.sum, w.mxr, w.adue, w.asid}) out = put_number(out, value);
  out = put_cell(put_cell(out, w.va), w.root << 12);
  for (int level = READS - 1; level >= 0; level--) {
    const Read &r = w.reads[level];
    if (w.known >> level & 1) out = put_cell(put_cell(put_number(out, r.cycle), r.address), r.value);
    else out = put_text(out, ",,,", 3);
  }
  if (w.written_at) out = put_cell(put_number(out, w.written_at), w.written);
  else out = put_text(out, ",,", 2);
  out = put_name(out, VERDICT_NAMES[p.verdict]);
  if (p.fills) {
    out = put_cell(out, (p.page & PPN_MASK) << 12);
    out = put_number(out, p.page >> PPN_BITS & LEVEL_MASK);
    out = put_cell(out, p.page >> (PPN_BITS + LEVEL_BITS) << 1 | 1);
  } else {
    out = put_text(out, ",,,", 3);
  }
  if (w.caches) out = put_cell(out, w.cached) - 1;
  *out++ = '\n';
  extend(o, out);
}

// What the walker has done in this cycle, after its accesses.
void follow_walk(Machine *m) {
  Walk &w = m->walk;
  const WalkProbe &p = *reinterpret_cast<const WalkProbe *>(m->state + w.probe_at);
  if (p.begins) {
    w = Walk{w.probe_at, 1,      m->cycle, p.side, p.access, p.priv, p.sum,
             p.mxr,      p.adue, p.asid,   p.va,   p.root,   READS};
  }
  if (!w.active) return;
  if (p.caches) {
    w.caches = 1;
    w.cached = (w.reads[w.last].value >> 10 & PPN_MASK) << 12;
  }
  if (p.read) {
    if (p.level >= w.last) w.known = 0;  // it begins anew
    u64 address = m->state[m->port[DATA].request_at + 1];
    w.reads[p.level] = Read{m->cycle, address, m->ram[(address - m->ram_base) >> 3], p.level};
    w.known |= 1 << p.level;
    w.last = p.level;
  }
  if (p.writes) {
    w.written_at = m->cycle;
    w.written = p.data;
  }
  if (!p.ends) return;
  w.active = 0;
  for (auto *t = static_cast<Transcript *>(m->transcripts); t; t = t->next)
    if (t->walks) put_walk(t->out, w, p, m->cycle);
}

}  // namespace

// It is one of walks.
extern "C" void transcript_walks(Transcript *t) { t->walks = true; }

// From now on `m` writes to `first`, if it is not null, and those behind it.
extern "C" void transcript_set(Machine *m, Transcript *first) {
  m->transcripts = first;
  m->record = m->walked = nullptr;
  for (Transcript *t = first; t; t = t->next) {
    if (!t->walks) m->record = transcribe;
    else if (m->walk.probe_at != NOWHERE) m->walked = follow_walk;
  }
}
